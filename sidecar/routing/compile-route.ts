import {
  type RouteMatch,
  RouteMatchSchema,
  RouteSchema,
  type Route as XdsRoute,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import { compileRouteAction, type RouteContext } from './compile-action.ts';
import { compileHeaderMatcher, type RequestPredicate } from './header-match.ts';
import { compilePathMatch } from './path-match.ts';
import { compileQueryMatcher } from './query-match.ts';
import type { Action } from './route-action.ts';

export interface Route {
  readonly matches: RequestPredicate;
  readonly action: Action;
}

/** `decorator` names spans and `metadata` describes; neither changes what happens to a request. */
const ROUTE_FIELDS = new Set(['name', 'match', 'route', 'metadata', 'decorator', 'stat_prefix']);
const MATCH_FIELDS = new Set([
  'prefix',
  'path',
  'path_separated_prefix',
  'safe_regex',
  'case_sensitive',
  'headers',
  'query_parameters',
]);

export function compileRoute(
  route: XdsRoute,
  countAttempts: boolean,
  context: RouteContext,
  place: Place,
): Route | undefined {
  place.allow(RouteSchema, route, ROUTE_FIELDS);
  if (route.match === undefined) place.in('match').refuse('is required');
  if (route.action.case === undefined) place.refuse('has no action');
  if (route.match === undefined || route.action.case !== 'route') return undefined;
  const matches = compileMatch(route.match, place.in('match'));
  const action = compileRouteAction(
    { name: route.name, countAttempts },
    route.action.value,
    context,
    place.in('route'),
  );
  return action === undefined ? undefined : { matches, action };
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
