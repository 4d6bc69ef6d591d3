import { parseDuration } from '#api/foundation/duration.ts';
import type { HttpRoute } from '#api/kinds/virtual-service.ts';
import type { RouteActionSchema } from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import { PreviousHostsPredicateSchema } from '#api/xds/gen/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.js';
import { durationOf, type Init, pack } from '../message.ts';
import { type DestinationContext, destinationCluster } from './destination.ts';

type RouteAction = Init<typeof RouteActionSchema>;
/** Who reads the routes: a sidecar, or a gRPC client without one, which knows fewer fields. */
export type Reader = 'sidecar' | 'proxyless';

/** Istio's default: two more tries on other hosts, when the request surely did not reach the app. */
const DEFAULT_RETRIES: RouteAction['retryPolicy'] = {
  retryOn: 'connect-failure,refused-stream,unavailable,cancelled',
  numRetries: 2,
  retryHostPredicate: [
    {
      name: 'envoy.retry_host_predicates.previous_hosts',
      configType: { case: 'typedConfig', value: pack(PreviousHostsPredicateSchema, {}) },
    },
  ],
  hostSelectionRetryMaxAttempts: 5n,
};

/** gRPC's words for the same; `connect-failure` is its transparent retry. */
const PROXYLESS_RETRIES: RouteAction['retryPolicy'] = { retryOn: 'unavailable', numRetries: 2 };

/** To one cluster, without a deadline: what a service without a VirtualService gets. */
export function plainAction(cluster: string, reader: Reader): RouteAction {
  return {
    clusterSpecifier: { case: 'cluster', value: cluster },
    ...deadline(0, reader),
    retryPolicy: reader === 'sidecar' ? DEFAULT_RETRIES : PROXYLESS_RETRIES,
  };
}

/** To whatever a captured connection was going to. No second try: there is no other host. */
export function passthroughAction(cluster: string): RouteAction {
  return { clusterSpecifier: { case: 'cluster', value: cluster }, timeout: durationOf(0) };
}

export function routeAction(
  route: HttpRoute,
  requestPort: number,
  context: DestinationContext,
  reader: Reader,
): RouteAction {
  return {
    ...plainAction('', reader),
    clusterSpecifier: clusterSpecifier(route, requestPort, context),
    ...deadline(parseDuration(route.timeout ?? '0') ?? 0, reader),
  };
}

/** Istio: a single destination takes everything, whatever its weight says; destinations of weight 0 take nothing. */
function clusterSpecifier(
  route: HttpRoute,
  requestPort: number,
  context: DestinationContext,
): NonNullable<RouteAction['clusterSpecifier']> {
  const destinations = route.route ?? [];
  const weighted =
    destinations.length === 1 ? destinations : destinations.filter(({ weight }) => (weight ?? 0) > 0);
  const clusters = weighted.map(({ destination, weight }) => ({
    name: destinationCluster(destination, requestPort, context),
    weight: weight ?? 100,
  }));
  if (clusters.length === 1) return { case: 'cluster', value: clusters[0]!.name };
  return { case: 'weightedClusters', value: { clusters } };
}

/** Envoy's default is 15 s, Istio's is none, so 0 is said aloud. gRPC reads max_stream_duration instead. */
function deadline(timeoutMs: number, reader: Reader): RouteAction {
  if (reader === 'sidecar') return { timeout: durationOf(timeoutMs) };
  return timeoutMs === 0 ? {} : { maxStreamDuration: { maxStreamDuration: durationOf(timeoutMs) } };
}
