import {
  type RouteMatch,
  RouteMatchSchema,
  RouteSchema,
  type Route as XdsRoute,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import { compileRouteAction, type RouteContext, type RouteOwner } from './compile-action.ts';
import { compileDirect } from './compile-direct.ts';
import { compileRedirect } from './compile-redirect.ts';
import { compileHeaderMatcher, type RequestPredicate } from './header-match.ts';
import { compilePathMatch } from './path-match.ts';
import { compileQueryMatcher } from './query-match.ts';
import { type Action, Answer } from './route-action.ts';
import { narrow, SCOPE_FIELDS, type Scope } from './scope.ts';

export interface Route {
  readonly matches: RequestPredicate;
  readonly action: Action;
}

/** `decorator` names spans and `metadata` describes; neither changes what happens to a request. */
const ROUTE_FIELDS = new Set([
  'name',
  'match',
  'route',
  'redirect',
  'direct_response',
  'metadata',
  'decorator',
  'stat_prefix',
  ...SCOPE_FIELDS,
]);
const MATCH_FIELDS = new Set([
  'prefix',
  'path',
  'path_separated_prefix',
  'safe_regex',
  'case_sensitive',
  'headers',
  'query_parameters',
]);

const RULE_PATH = /\/namespaces\/([^/]+)\/([^/]+)\/([^/]+)$/;

/** What a virtual host hands down to its routes. */
export interface HostScope extends Scope {
  readonly countAttempts: boolean;
}

export function compileRoute(
  route: XdsRoute,
  host: HostScope,
  context: RouteContext,
  place: Place,
): Route | undefined {
  place.allow(RouteSchema, route, ROUTE_FIELDS);
  if (route.match === undefined) place.in('match').refuse('is required');
  if (route.action.case === undefined) place.refuse('has no action');
  const scope = narrow(host, route, place);
  if (route.match === undefined) return undefined;
  const matches = compileMatch(route.match, place.in('match'));
  const owner: RouteOwner = {
    name: route.name || ruleOf(route) || '',
    match: route.match,
    countAttempts: host.countAttempts,
    scope,
  };
  const action = compileAction(owner, route.action, context, place);
  return action === undefined ? undefined : { matches, action };
}

/** The rule behind a route without a name, as the control plane tells it (Istio's metadata): `KIND NAMESPACE/NAME`. */
function ruleOf({ metadata }: XdsRoute): string | undefined {
  const config = metadata?.filterMetadata['istio']?.['config'];
  const path = typeof config === 'string' ? RULE_PATH.exec(config) : null;
  return path === null ? undefined : `${path[2]} ${path[1]}/${path[3]}`;
}

function compileAction(
  owner: RouteOwner,
  action: XdsRoute['action'],
  context: RouteContext,
  place: Place,
): Action | undefined {
  const { name, match, scope } = owner;
  switch (action.case) {
    case 'route':
      return compileRouteAction(owner, action.value, context, place.in('route'));
    case 'redirect':
      refuseFilters(scope, place.in('redirect'));
      return new Answer(compileRedirect(name, action.value, match, scope, place.in('redirect')));
    case 'directResponse':
      refuseFilters(scope, place.in('direct_response'));
      return new Answer(compileDirect(name, action.value, scope, place.in('direct_response')));
  }
  return undefined;
}

/** Faults and CORS belong to requests that are forwarded: an answer of the rule's own does not carry them. */
function refuseFilters({ filters }: Scope, place: Place): void {
  if (filters.fault !== undefined) place.refuse('cannot have a fault');
  if (filters.cors !== undefined) place.refuse('cannot have a CORS policy');
}

function compileMatch(match: RouteMatch, place: Place): RequestPredicate {
  place.allow(RouteMatchSchema, match, MATCH_FIELDS);
  const path = compilePathMatch(match, place);
  const rest = [
    ...match.headers.map((header, i) => compileHeaderMatcher(header, place.in(`headers[${i}]`))),
    ...match.queryParameters.map((query, i) =>
      compileQueryMatcher(query, place.in(`query_parameters[${i}]`)),
    ),
  ];
  if (rest.length === 0) return path;
  return (request) => path(request) && rest.every((predicate) => predicate(request));
}
