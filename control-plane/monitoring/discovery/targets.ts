/**
 * Everything of the mesh that has metrics, as Prometheus' HTTP service discovery wants it. Pure.
 *
 *   control-plane  its /metrics
 *   node           every node runtime's /metrics and /metrics/cadvisor
 *   pod            the proxy's port 15020, which tells the app's metrics as well; of a pod without one, what it names
 *                  itself by prometheus.io/scrape, port, path and scheme
 */
import type { Node } from '#api/kinds/node.ts';
import type { Pod } from '#api/kinds/pod.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import { PROXY_NAME } from '#api/mesh/names.ts';
import { SIDECAR_PORTS } from '#api/mesh/ports.ts';
import { type Labels, nodeLabels, podLabels } from './meta-labels.ts';

export const ROLES = ['control-plane', 'node', 'pod'] as const;
export type Role = (typeof ROLES)[number];

/** One entry of the answer; each has one target, since each has labels of its own. */
export interface TargetGroup {
  readonly targets: readonly [string];
  readonly labels: Labels;
}

export interface DiscoveryInputs {
  readonly config: Pick<MeshConfig, 'nodeName' | 'monitoringPort' | 'nodeMetricsPort'>;
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
}

const LOOPBACK = '127.0.0.1';
const SIDECAR_PATH = '/stats/prometheus';
const MAX_PATH = 512;

/** Always in the same order, one by one, since there may be many. All roles when none is asked for. */
export function* scrapeTargets(inputs: DiscoveryInputs, role?: Role): Generator<TargetGroup> {
  if (role === undefined || role === 'control-plane') yield* controlPlane(inputs);
  if (role === undefined || role === 'node')
    for (const node of inOrder(inputs.nodes)) yield* nodeTargets(node, inputs);
  if (role !== undefined && role !== 'pod') return;
  for (const pod of inOrder(inputs.pods)) {
    const group = podTarget(pod);
    if (group !== undefined) yield group;
  }
}

export function isRole(word: string): word is Role {
  return (ROLES as readonly string[]).includes(word);
}

interface Place {
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly scheme?: 'http' | 'https';
}

function target(role: Role, { address, port, path, scheme = 'http' }: Place, labels: Labels): TargetGroup {
  return {
    targets: [`${address}:${port}`],
    labels: { __meta_weft_role: role, __metrics_path__: path, __scheme__: scheme, ...labels },
  };
}

function controlPlane({ config }: DiscoveryInputs): TargetGroup[] {
  const place = { address: LOOPBACK, port: config.monitoringPort, path: '/metrics' };
  return [target('control-plane', place, { __meta_kubernetes_node_name: config.nodeName })];
}

/** The node runtime of this machine listens on loopback, as the control plane does. */
function nodeTargets(node: Node, { config }: DiscoveryInputs): TargetGroup[] {
  const internal = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  const address = node.metadata.name === config.nodeName ? LOOPBACK : internal;
  if (address === undefined) return [];
  const labels = nodeLabels(node);
  return ['/metrics', '/metrics/cadvisor'].map((path) =>
    target('node', { address, port: config.nodeMetricsPort, path }, labels),
  );
}

function podTarget(pod: Pod): TargetGroup | undefined {
  const { phase, podIP } = pod.status ?? {};
  if (phase !== 'Running' || podIP === undefined) return undefined;
  const proxy = proxyOf(pod);
  const place =
    proxy === undefined
      ? ownPlace(pod, podIP)
      : { address: podIP, port: SIDECAR_PORTS.metrics, path: SIDECAR_PATH };
  if (place === undefined) return undefined;
  const container = proxy === undefined ? containerAt(pod, place.port) : PROXY_NAME;
  return target('pod', place, { __meta_weft_proxy: proxy ?? 'none', ...podLabels(pod, container) });
}

/** A gateway's proxy is the pod's app; a sidecar starts before the app does. */
function proxyOf({ status }: Pod): 'gateway' | 'sidecar' | undefined {
  const isThere = (statuses: readonly { readonly name: string }[] = []): boolean =>
    statuses.some(({ name }) => name === PROXY_NAME);
  if (isThere(status?.containerStatuses)) return 'gateway';
  return isThere(status?.initContainerStatuses) ? 'sidecar' : undefined;
}

/** What a pod without a proxy asks for; undefined when it asks for nothing, or for what cannot be scraped. */
function ownPlace(pod: Pod, address: string): Place | undefined {
  const annotations = pod.metadata.annotations ?? {};
  if (annotations['prometheus.io/scrape'] !== 'true') return undefined;
  const port = portOf(annotations['prometheus.io/port'], pod);
  const path = annotations['prometheus.io/path'] ?? '/metrics';
  const scheme = annotations['prometheus.io/scheme'] ?? 'http';
  if (port === undefined || !path.startsWith('/') || path.length > MAX_PATH) return undefined;
  if (scheme !== 'http' && scheme !== 'https') return undefined;
  return { address, port, path: path.toWellFormed(), scheme };
}

/** Without a word the first port that a container declares. */
function portOf(word: string | undefined, { spec }: Pod): number | undefined {
  if (word === undefined) return spec.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
  const port = /^\d{1,5}$/.test(word) ? Number(word) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function containerAt({ spec }: Pod, port: number): string {
  const declares = spec.containers.find(({ ports = [] }) =>
    ports.some(({ containerPort }) => containerPort === port),
  );
  return (declares ?? spec.containers[0])?.name ?? '';
}

function inOrder<T extends Pod | Node>(objects: readonly T[]): T[] {
  const keyOf = ({ metadata }: T): string => `${metadata.namespace ?? ''}/${metadata.name}/${metadata.uid}`;
  return objects.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
