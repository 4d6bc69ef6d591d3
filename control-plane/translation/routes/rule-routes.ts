import type { Stored } from '#api/kinds/meta.ts';
import type { HttpMatch, HttpRoute, VirtualService } from '#api/kinds/virtual-service.ts';
import type { RouteSchema } from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { Init } from '../message.ts';
import type { DestinationContext } from './destination.ts';
import { type HeaderFields, headerFields, joinFields } from './header-edits.ts';
import { isHttpMatchFor, type Reader } from './reader.ts';
import { directResponseAction, redirectAction } from './redirect.ts';
import type { ResolvedRule } from './resolved-rule.ts';
import { routeAction, takersOf } from './route-action.ts';
import { perFilterConfig } from './route-filters.ts';
import { isMatchAll, MATCH_ALL, routeMatch } from './route-match.ts';

type Route = Init<typeof RouteSchema>;

/**
 * What a VirtualService says to one reader about requests to one port, in its order; matches of a route are
 * alternatives: one Envoy route each. Nothing follows a match for everything. None: it has nothing to say.
 */
export function ruleRoutes(
  rule: ResolvedRule,
  port: number,
  context: DestinationContext,
  reader: Reader,
): Route[] {
  const routes: Route[] = [];
  for (const { http, match } of alternatives(rule)) {
    if (match !== undefined && !isHttpMatchFor(match, port, reader)) continue;
    const how = match === undefined ? MATCH_ALL : routeMatch(match);
    const name = routeName(http.name, match?.name);
    routes.push({ name, match: how, ...translate(http, match, rule.rule, port, context, reader) });
    if (isMatchAll(how)) break;
  }
  return routes;
}

/** Where a rule can be read, as Istio writes it into what it makes of the rule. */
export function ruleMetadata(rule: Stored<VirtualService>) {
  const { namespace = 'default', name } = rule.metadata;
  const config = `/apis/networking.istio.io/v1/namespaces/${namespace}/virtual-service/${name}`;
  return { filterMetadata: { istio: { config } } };
}

function alternatives({ http }: ResolvedRule): { http: HttpRoute; match: HttpMatch | undefined }[] {
  return http.flatMap((route) => {
    const matches = (route.match ?? []).length === 0 ? [undefined] : route.match!;
    return matches.map((match) => ({ http: route, match }));
  });
}

function translate(
  http: HttpRoute,
  match: HttpMatch | undefined,
  rule: Stored<VirtualService>,
  port: number,
  context: DestinationContext,
  reader: Reader,
): Route {
  return {
    action: action(http, port, context, reader),
    metadata: ruleMetadata(rule),
    ...(match?.statPrefix ? { statPrefix: match.statPrefix } : {}),
    ...edits(http),
    ...(reader.kind === 'proxy' && forwards(http) ? { typedPerFilterConfig: perFilterConfig(http) } : {}),
  };
}

function action(
  http: HttpRoute,
  port: number,
  context: DestinationContext,
  reader: Reader,
): NonNullable<Route['action']> {
  if (http.redirect !== undefined) {
    return { case: 'redirect', value: redirectAction(http.redirect, port, reader.secure) };
  }
  if (http.directResponse !== undefined) {
    return { case: 'directResponse', value: directResponseAction(http.directResponse) };
  }
  return { case: 'route', value: routeAction(http, port, context, reader) };
}

/** Faults and CORS are for what is sent on: a delegate's redirect does not inherit them. */
function forwards({ redirect, directResponse }: HttpRoute): boolean {
  return redirect === undefined && directResponse === undefined;
}

/** Of several destinations each has its own; those of a single one are the route's. */
function edits(http: HttpRoute): HeaderFields {
  const own = headerFields(http.headers);
  const [only, ...more] = takersOf(http);
  return only === undefined || more.length > 0 ? own : joinFields(own, headerFields(only.headers));
}

function routeName(route: string | undefined, match: string | undefined): string {
  return [route, match].filter((name) => name !== undefined && name !== '').join('.');
}
