import { create } from '@bufbuild/protobuf';
import type { Stored } from '#api/kinds/meta.ts';
import type { VirtualService } from '#api/kinds/virtual-service.ts';
import {
  type RouteSchema,
  type VirtualHost,
  VirtualHostSchema,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import { outboundCluster, PASSTHROUGH_CLUSTER } from '#api/xds/names.ts';
import type { Init } from '../message.ts';
import type { MeshService } from '../model/mesh-service.ts';
import type { DestinationContext } from './destination.ts';
import { passthroughAction, plainAction, type Reader, routeAction } from './route-action.ts';
import { MATCH_ALL, routeMatch } from './route-match.ts';

type Route = Init<typeof RouteSchema>;

export interface RouteScope {
  readonly domain: string;
  readonly service: (host: string) => MeshService | undefined;
  readonly reader: Reader;
}

/** The routes of one host and port: the VirtualService's in their order, or one to the service itself. */
export function virtualHost(
  host: string,
  port: number,
  domains: readonly string[],
  rule: Stored<VirtualService> | undefined,
  scope: RouteScope,
): VirtualHost {
  return create(VirtualHostSchema, {
    name: `${host}:${port}`,
    domains: [...domains],
    routes:
      rule === undefined
        ? [defaultRoute(outboundCluster(port, '', host), scope)]
        : ruleRoutes(rule, port, scope),
    ...(scope.reader === 'sidecar' ? { includeRequestAttemptCount: true } : {}),
  });
}

/** Whoever is not in the mesh is reached as addressed (Istio's ALLOW_ANY). */
export const ALLOW_ANY: VirtualHost = create(VirtualHostSchema, {
  name: 'allow_any',
  domains: ['*'],
  routes: [
    {
      name: 'allow_any',
      match: MATCH_ALL,
      action: { case: 'route', value: passthroughAction(PASSTHROUGH_CLUSTER) },
    },
  ],
  includeRequestAttemptCount: true,
});

function defaultRoute(cluster: string, scope: RouteScope): Route {
  return {
    name: 'default',
    match: MATCH_ALL,
    action: { case: 'route', value: plainAction(cluster, scope.reader) },
  };
}

/** Matches of a route are alternatives: one Envoy route each, in order. */
function ruleRoutes(rule: Stored<VirtualService>, port: number, scope: RouteScope): Route[] {
  const context: DestinationContext = { ...scope, namespace: rule.metadata.namespace ?? 'default' };
  const metadata = { filterMetadata: { istio: { config: configPath(rule) } } };
  return (rule.spec.http ?? []).flatMap((http): Route[] => {
    const action = { case: 'route' as const, value: routeAction(http, port, context, scope.reader) };
    if (http.match === undefined || http.match.length === 0) {
      return [{ name: http.name ?? '', match: MATCH_ALL, action, metadata }];
    }
    return http.match
      .filter((match) => match.port === undefined || match.port === port)
      .map((match) => ({
        name: routeName(http.name, match.name),
        match: routeMatch(match),
        action,
        metadata,
      }));
  });
}

function routeName(route: string | undefined, match: string | undefined): string {
  return [route, match].filter((name) => name !== undefined && name !== '').join('.');
}

/** Where the rule can be read, as Istio writes it into the route. */
function configPath(rule: Stored<VirtualService>): string {
  const { namespace = 'default', name } = rule.metadata;
  return `/apis/networking.istio.io/v1/namespaces/${namespace}/virtual-service/${name}`;
}
