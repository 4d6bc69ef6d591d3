import {
  type TcpProxy,
  TcpProxy_WeightedCluster_ClusterWeightSchema,
  TcpProxySchema,
} from '#api/xds/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js';
import { DEFAULT_OPAQUE_POLICY } from '#sidecar/tcp/opaque-policy.ts';
import type { StatsSpec } from '#sidecar/telemetry/stats-spec.ts';
import { acceptAccessLogs } from './accept-access-logs.ts';
import { acceptDuration } from './durations.ts';
import type { TcpSpec, WeightedCluster } from './listener-spec.ts';
import { observationOf } from './observation-of.ts';
import type { Place } from './refusals.ts';

const SUPPORTED = new Set([
  'stat_prefix',
  'cluster',
  'weighted_clusters',
  'idle_timeout',
  'max_downstream_connection_duration',
  'max_connect_attempts',
  'access_log',
]);

/** `stats` is what a filter in front of it says. */
export function acceptTcpProxy(
  proxy: TcpProxy,
  stats: StatsSpec | undefined,
  place: Place,
): TcpSpec | undefined {
  place.allow(TcpProxySchema, proxy, SUPPORTED);
  const clusters = acceptClusters(proxy, place);
  const { idleTimeout, maxDownstreamConnectionDuration: duration } = proxy;
  const policy = {
    idleTimeoutMs:
      idleTimeout === undefined
        ? DEFAULT_OPAQUE_POLICY.idleTimeoutMs
        : acceptDuration(idleTimeout, place.in('idle_timeout')),
    maxDurationMs:
      duration === undefined
        ? DEFAULT_OPAQUE_POLICY.maxDurationMs
        : acceptDuration(duration, place.in('max_downstream_connection_duration')),
    connectAttempts: proxy.maxConnectAttempts ?? DEFAULT_OPAQUE_POLICY.connectAttempts,
  };
  if (policy.connectAttempts < 1) place.in('max_connect_attempts').refuse('must be at least 1');
  if (duration !== undefined && policy.maxDurationMs < 1) {
    place.in('max_downstream_connection_duration').refuse('must be at least 1ms');
  }
  const accessLogs = acceptAccessLogs(proxy.accessLog, place);
  const observation = observationOf({ tracing: undefined, accessLogs, stats });
  return clusters === undefined ? undefined : { clusters, policy, observation };
}

function acceptClusters(
  { clusterSpecifier }: TcpProxy,
  place: Place,
): readonly WeightedCluster[] | undefined {
  if (clusterSpecifier.case === 'cluster') return [{ name: clusterSpecifier.value, weight: 1 }];
  if (clusterSpecifier.case === undefined) {
    place.refuse('names no cluster');
    return undefined;
  }
  const here = place.in('weighted_clusters');
  const clusters = clusterSpecifier.value.clusters.map((entry, i) => {
    const at = here.in(`clusters[${i}]`);
    at.allow(TcpProxy_WeightedCluster_ClusterWeightSchema, entry, new Set(['name', 'weight']));
    if (entry.name === '') at.in('name').refuse('must not be empty');
    return { name: entry.name, weight: entry.weight };
  });
  if (clusters.some(({ weight }) => weight > 0)) return clusters;
  here.refuse('the weights sum up to 0');
  return undefined;
}
