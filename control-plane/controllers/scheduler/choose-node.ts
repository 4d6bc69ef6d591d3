/** Where a pod goes: the nodes that can take it, and among them the least allocated one. */
import { parseQuantity } from '#api/foundation/quantity.ts';
import type { Stored } from '#api/kinds/meta.ts';
import { isReady, type Node } from '#api/kinds/node.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { carries } from '#api/kinds/selectors.ts';
import { type Demand, demandOf, hostPortsOf, plus } from './requests.ts';

/** What the pods bound to a node reserve. */
export interface Load extends Demand {
  readonly pods: number;
  /** Ports of the host that are taken, as `TCP/80`. */
  readonly hostPorts: ReadonlySet<string>;
}

export interface Candidate {
  readonly node: Stored<Node>;
  readonly load: Load;
}

export type Choice =
  | { readonly outcome: 'bind'; readonly nodeName: string }
  /** In kubectl's words: how many nodes there are and what each lacks. */
  | { readonly outcome: 'unschedulable'; readonly message: string };

/** Kubernetes' default for a node that does not say how many pods it takes. */
const DEFAULT_MAX_PODS = 110;
/** What a container that asks for nothing counts for when nodes are compared (never when they are filled). */
const USUAL: Demand = { cpu: 0.1, memory: 200 * 1024 * 1024 };

export function chooseNode(pod: Pod, candidates: readonly Candidate[]): Choice {
  const demand = demandOf(pod.spec);
  const judged = candidates.map((candidate) => ({ candidate, faults: faultsOf(pod, demand, candidate) }));
  const fit = judged.filter(({ faults }) => faults.length === 0).map(({ candidate }) => candidate);
  const best = fit.toSorted((a, b) => compare(a, b, demand))[0];
  if (best !== undefined) return { outcome: 'bind', nodeName: best.node.metadata.name };
  return {
    outcome: 'unschedulable',
    message: explain(
      candidates.length,
      judged.map(({ faults }) => faults),
    ),
  };
}

function faultsOf(pod: Pod, demand: Demand, { node, load }: Candidate): string[] {
  if (node.metadata.deletionTimestamp !== undefined) return ['node(s) were being deleted'];
  if (node.spec?.unschedulable) return ['node(s) were unschedulable'];
  if (!isReady(node)) return ['node(s) were not ready'];
  if (!carries(node.metadata.labels ?? {}, pod.spec.nodeSelector ?? {}))
    return ["node(s) didn't match Pod's node selector"];
  const room = roomOf(node);
  return [
    ...(hostPortsOf(pod.spec).some((port) => load.hostPorts.has(port))
      ? ["node(s) didn't have free ports for the requested pod ports"]
      : []),
    ...(load.pods + 1 > room.pods ? ['Too many pods'] : []),
    ...(demand.cpu > 0 && load.cpu + demand.cpu > room.cpu ? ['Insufficient cpu'] : []),
    ...(demand.memory > 0 && load.memory + demand.memory > room.memory ? ['Insufficient memory'] : []),
  ];
}

/** A node that does not report a resource sets no limit to it. */
function roomOf(node: Node): Omit<Load, 'hostPorts'> {
  const amount = (name: string, absent: number): number => {
    const quantity = node.status?.allocatable?.[name] ?? node.status?.capacity?.[name];
    return quantity === undefined ? absent : (parseQuantity(quantity) ?? 0);
  };
  return {
    cpu: amount('cpu', Infinity),
    memory: amount('memory', Infinity),
    pods: amount('pods', DEFAULT_MAX_PODS),
  };
}

/** The least allocated first; of equals the one with fewer pods, then by name, so that the choice can be repeated. */
function compare(a: Candidate, b: Candidate, demand: Demand): number {
  const byShare = freeShare(b, demand) - freeShare(a, demand);
  if (Math.abs(byShare) > 1e-9) return byShare;
  return a.load.pods - b.load.pods || (a.node.metadata.name < b.node.metadata.name ? -1 : 1);
}

/** Kubernetes' LeastAllocated score, 0..1: the mean share of cpu and memory that stays free. */
function freeShare({ node, load }: Candidate, demand: Demand): number {
  const room = roomOf(node);
  const usual = { cpu: demand.cpu || USUAL.cpu, memory: demand.memory || USUAL.memory };
  const share = (used: number, total: number): number => (total === 0 ? 0 : Math.max(0, 1 - used / total));
  return (share(load.cpu + usual.cpu, room.cpu) + share(load.memory + usual.memory, room.memory)) / 2;
}

function explain(nodes: number, faults: readonly string[][]): string {
  const counts = Map.groupBy(faults.flat(), (fault) => fault);
  const reasons = [...counts].map(([fault, each]) => `${each.length} ${fault}`).toSorted();
  const what = reasons.length === 0 ? 'no nodes are registered' : reasons.join(', ');
  return `0/${nodes} nodes are available: ${what}.`;
}

/** The load that a pod adds. */
export function withPod(load: Load, pod: Pod): Load {
  return {
    ...plus(load, demandOf(pod.spec)),
    pods: load.pods + 1,
    hostPorts: load.hostPorts.union(new Set(hostPortsOf(pod.spec))),
  };
}

export const EMPTY: Load = { cpu: 0, memory: 0, pods: 0, hostPorts: new Set() };
