/**
 * Which pods go first when there are too many: Kubernetes' order (ActivePodsWithRanks). Those that serve least and
 * have lived shortest are missed least.
 */
import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { createdMs, isPodReady, readySinceMs } from '../pods.ts';

/** Annotation by which people say what a pod's deletion costs; lower goes first. */
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

type Order = (a: Stored<Pod>, b: Stored<Pod>) => number;

/** The pods, the first to be deleted first. */
export function deletionOrder(pods: readonly Stored<Pod>[]): Stored<Pod>[] {
  const perNode = Map.groupBy(pods, (pod) => pod.spec.nodeName ?? '');
  const crowd = (pod: Stored<Pod>): number => perNode.get(pod.spec.nodeName ?? '')?.length ?? 0;
  const orders: readonly Order[] = [
    by((pod) => (pod.spec.nodeName === undefined ? 0 : 1)),
    by(phaseRank),
    by((pod) => (isPodReady(pod) ? 1 : 0)),
    by(deletionCost),
    by((pod) => -crowd(pod)),
    by((pod) => -(readySinceMs(pod) ?? 0)),
    by((pod) => -restarts(pod)),
    by((pod) => -createdMs(pod)),
    (a, b) => (a.metadata.name < b.metadata.name ? -1 : 1),
  ];
  return pods.toSorted((a, b) => orders.reduce((found, order) => found || order(a, b), 0));
}

function by(value: (pod: Stored<Pod>) => number): Order {
  return (a, b) => value(a) - value(b);
}

function phaseRank(pod: Pod): number {
  const phase = pod.status?.phase ?? 'Pending';
  return phase === 'Pending' ? 0 : phase === 'Unknown' ? 1 : 2;
}

function deletionCost(pod: Stored<Pod>): number {
  const cost = Number(pod.metadata.annotations?.[DELETION_COST] ?? 0);
  return Number.isInteger(cost) ? cost : 0;
}

function restarts(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount));
}
