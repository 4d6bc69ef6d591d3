import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import type { Configuration } from '#sidecar/discovery/configuration.ts';
import type { LiveCluster } from '#sidecar/discovery/live-clusters.ts';
import { EndpointCluster } from '#sidecar/upstream/endpoint-cluster.ts';
import type { Standing } from '#sidecar/upstream/outlier/standing.ts';
import type { TrackedEndpoint } from '#sidecar/upstream/tracked-endpoint.ts';

/** Envoy's words; one that is to prove itself is still out. */
const HEALTH_FLAGS: Readonly<Record<Standing['kind'], string>> = {
  serving: 'healthy',
  ejected: '/failed_outlier_check',
  trial: '/failed_outlier_check/on_trial',
};

/** Every cluster as its balancer sees it now. */
export function liveClusters(configuration: Configuration, nowMs: number): JsonValue[] {
  return [...configuration.clusters.all].map((cluster) => ({
    name: cluster.name,
    policy: cluster.policy.balancer.kind,
    service: { ...cluster.service },
    outliers: outlierCounts(cluster),
    endpoints: cluster.endpoints.map((endpoint) => liveEndpoint(endpoint, nowMs)),
  }));
}

/** All 0 where nothing is detected. */
function outlierCounts(cluster: LiveCluster): JsonObject {
  const counts = cluster instanceof EndpointCluster ? cluster.outliers?.counts : undefined;
  const { ejections = 0, active = 0, overflow = 0, returned = 0 } = counts ?? {};
  return { ejections, active, overflow, returned };
}

function liveEndpoint(endpoint: TrackedEndpoint, nowMs: number) {
  return {
    address: endpoint.key,
    workload: endpoint.workload?.workload ?? '',
    weight: endpoint.weight,
    priority: endpoint.priority,
    health_flags: HEALTH_FLAGS[endpoint.health.standing.kind],
    ejections: endpoint.health.ejections,
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
  for (const [name, value] of Object.entries(outlierCounts(cluster))) {
    lines.push(`${cluster.name}::outlier_detection.${name}::${value}\n`);
  }
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
