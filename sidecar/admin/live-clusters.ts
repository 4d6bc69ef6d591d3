import type { JsonValue } from '@bufbuild/protobuf';
import type { Configuration } from '#sidecar/discovery/configuration.ts';
import type { LiveCluster } from '#sidecar/discovery/live-clusters.ts';
import type { TrackedEndpoint } from '#sidecar/upstream/tracked-endpoint.ts';

/** Every cluster as its balancer sees it now. */
export function liveClusters(configuration: Configuration, nowMs: number): JsonValue[] {
  return [...configuration.clusters.all].map((cluster) => ({
    name: cluster.name,
    policy: cluster.policy.balancer.kind,
    service: { ...cluster.service },
    endpoints: cluster.endpoints.map((endpoint) => liveEndpoint(endpoint, nowMs)),
  }));
}

function liveEndpoint(endpoint: TrackedEndpoint, nowMs: number) {
  return {
    address: endpoint.key,
    workload: endpoint.workload?.workload ?? '',
    active: endpoint.active,
    latency_ms: round(endpoint.load.latencyMs(nowMs)),
    failure_share: round(endpoint.load.failureShare(nowMs)),
    cost_ms: round(endpoint.cost(nowMs)),
  };
}

/** The same as lines, as Envoy's `/clusters` writes them. */
export function clusterLines(configuration: Configuration, nowMs: number): string {
  return [...configuration.clusters.all].flatMap((cluster) => linesOf(cluster, nowMs)).join('');
}

function linesOf(cluster: LiveCluster, nowMs: number): string[] {
  const lines = [`${cluster.name}::policy::${cluster.policy.balancer.kind}\n`];
  for (const endpoint of cluster.endpoints) {
    const { address, ...values } = liveEndpoint(endpoint, nowMs);
    for (const [name, value] of Object.entries(values)) {
      lines.push(`${cluster.name}::${address}::${name}::${value}\n`);
    }
  }
  return lines;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
