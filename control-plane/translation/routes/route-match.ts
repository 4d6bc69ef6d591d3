import type { StringMatch } from '#api/kinds/istio-values.ts';
import type { HttpMatch } from '#api/kinds/virtual-service.ts';
import type { RouteMatchSchema } from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { Init } from '../message.ts';
import { headerMatcher, withoutHeaderMatcher } from './string-match.ts';

type RouteMatch = Init<typeof RouteMatchSchema>;

export const MATCH_ALL: RouteMatch = { pathSpecifier: { case: 'prefix', value: '/' } };

/** One Istio HTTPMatchRequest: all of its fields must hold. Its port is the caller's matter. */
export function routeMatch(match: HttpMatch): RouteMatch {
  const headers = [
    ...Object.entries(match.headers ?? {}).map(([name, value]) => headerMatcher(name, value)),
    ...Object.entries(match.withoutHeaders ?? {}).map(([name, value]) => withoutHeaderMatcher(name, value)),
    ...(match.method === undefined ? [] : [headerMatcher(':method', match.method)]),
    ...(match.authority === undefined ? [] : [headerMatcher(':authority', match.authority)]),
  ];
  return {
    ...pathMatch(match.uri),
    ...(match.ignoreUriCase === true ? { caseSensitive: false } : {}),
    headers,
  };
}

function pathMatch(uri: StringMatch | undefined): RouteMatch {
  if (uri === undefined) return MATCH_ALL;
  if ('exact' in uri) return { pathSpecifier: { case: 'path', value: uri.exact } };
  if ('prefix' in uri) return { pathSpecifier: { case: 'prefix', value: uri.prefix } };
  return uri.regex === ''
    ? { pathSpecifier: { case: 'path', value: '' } }
    : { pathSpecifier: { case: 'safeRegex', value: { regex: uri.regex } } };
}
