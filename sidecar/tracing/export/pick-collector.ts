import type { PickContext, UpstreamTls } from '#sidecar/upstream/cluster.ts';
import type { ClusterDirectory } from '#sidecar/upstream/cluster-directory.ts';
import type { Endpoint, Outcome } from '#sidecar/upstream/endpoint.ts';

/** A collector that was chosen, and how to reach it. */
export interface Chosen {
  readonly endpoint: Endpoint;
  readonly tls: UpstreamTls | undefined;
}

const ANY: PickContext = { excluded: [], original: { address: '0.0.0.0', port: 0 }, hash: undefined };

/** An endpoint of the cluster as it is now, or why there is none. */
export function pickCollector(clusters: ClusterDirectory, name: string): Chosen | string {
  const cluster = clusters.get(name);
  if (cluster === undefined) return `there is no cluster ${name}`;
  const endpoint = cluster.pick(ANY);
  if (endpoint === undefined) return `no endpoint of ${name} is available`;
  return { endpoint, tls: cluster.connections.tls };
}

/** Tells the balancer what became of an export that began at `startMs`. */
export function outcomeOf(kind: 'accepted' | 'later' | 'refused', heard: boolean): Outcome {
  if (kind === 'accepted') return 'success';
  return heard ? 'gateway-error' : 'connect-failure';
}
