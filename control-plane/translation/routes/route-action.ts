import { parseDuration } from '#api/foundation/duration.ts';
import type { HttpDestination, HttpRoute } from '#api/kinds/virtual-service.ts';
import type {
  RouteActionSchema,
  WeightedCluster_ClusterWeightSchema,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import { durationOf, type Init } from '../message.ts';
import { type DestinationContext, destinationCluster, destinationHash } from './destination.ts';
import { authorityOf, headerFields } from './header-edits.ts';
import { mirrorPolicies } from './mirrors.ts';
import type { Reader } from './reader.ts';
import { PROXYLESS_RETRIES, retryPolicy } from './retry-policy.ts';

type RouteAction = Init<typeof RouteActionSchema>;
type ClusterWeight = Init<typeof WeightedCluster_ClusterWeightSchema>;
type HashPolicies = NonNullable<RouteAction['hashPolicy']>;

/** To one cluster, without a deadline: what a service without a VirtualService gets. */
export function plainAction(cluster: string, hashPolicy: HashPolicies, reader: Reader): RouteAction {
  return {
    clusterSpecifier: { case: 'cluster', value: cluster },
    ...deadline(0, reader),
    ...retries({}, hashPolicy.length > 0, reader),
    hashPolicy,
  };
}

/** To whatever a captured connection was going to. No second try: there is no other host. */
export function passthroughAction(cluster: string): RouteAction {
  return { clusterSpecifier: { case: 'cluster', value: cluster }, timeout: durationOf(0) };
}

/** Istio: a single destination takes everything, whatever its weight says; destinations of weight 0 take nothing. */
export function takersOf({ route = [] }: HttpRoute): readonly HttpDestination[] {
  return route.length === 1 ? route : route.filter(({ weight }) => (weight ?? 0) > 0);
}

export function routeAction(
  route: HttpRoute,
  requestPort: number,
  context: DestinationContext,
  reader: Reader,
): RouteAction {
  const takers = takersOf(route);
  const hashPolicy = takers.flatMap(({ destination }) =>
    destinationHash(destination, requestPort, context, reader),
  );
  return {
    clusterSpecifier: clusterSpecifier(takers, requestPort, context),
    ...deadline(parseDuration(route.timeout ?? '0') ?? 0, reader),
    ...retries(route, takers.length === 1 && hashPolicy.length > 0, reader),
    ...rewrite(route),
    requestMirrorPolicies: mirrorPolicies(route, requestPort, context),
    hashPolicy,
  };
}

function clusterSpecifier(
  destinations: readonly HttpDestination[],
  requestPort: number,
  context: DestinationContext,
): NonNullable<RouteAction['clusterSpecifier']> {
  const clusters = destinations.map(({ destination, weight, headers }): ClusterWeight => {
    const authority = authorityOf(headers);
    return {
      name: destinationCluster(destination, requestPort, context),
      weight: weight ?? 0,
      ...headerFields(headers),
      ...(authority === undefined ? {} : hostRewrite(authority)),
    };
  });
  if (clusters.length === 1) return { case: 'cluster', value: clusters[0]!.name ?? '' };
  return { case: 'weightedClusters', value: { clusters } };
}

/** The route's own word on path and authority. A single destination's word on the authority counts after it. */
function rewrite(route: HttpRoute): RouteAction {
  const { uri = '', authority = '', uriRegexRewrite } = route.rewrite ?? {};
  const [only, ...more] = takersOf(route);
  const own = more.length === 0 ? authorityOf(only?.headers) : undefined;
  const host = authority || authorityOf(route.headers) || own;
  return {
    ...(uriRegexRewrite === undefined
      ? {}
      : {
          regexRewrite: {
            pattern: { regex: uriRegexRewrite.match },
            substitution: uriRegexRewrite.rewrite,
          },
        }),
    ...(uri === '' || uriRegexRewrite !== undefined ? {} : { prefixRewrite: uri }),
    ...(host ? hostRewrite(host) : {}),
  };
}

function hostRewrite(value: string) {
  return { hostRewriteSpecifier: { case: 'hostRewriteLiteral' as const, value } };
}

function retries(
  { retries: asked }: Pick<HttpRoute, 'retries'>,
  hashed: boolean,
  reader: Reader,
): RouteAction {
  if (reader.kind === 'proxyless') return { retryPolicy: PROXYLESS_RETRIES };
  const policy = retryPolicy(asked, hashed);
  return policy === undefined ? {} : { retryPolicy: policy };
}

/** Envoy's default is 15 s, Istio's is none, so 0 is said aloud. gRPC reads max_stream_duration instead. */
function deadline(timeoutMs: number, reader: Reader): RouteAction {
  if (reader.kind === 'proxy') return { timeout: durationOf(timeoutMs) };
  return timeoutMs === 0 ? {} : { maxStreamDuration: { maxStreamDuration: durationOf(timeoutMs) } };
}
