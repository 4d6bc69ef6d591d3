import type { HeaderMatch, StringMatch } from '#api/kinds/istio-values.ts';
import type { HttpMatch } from '#api/kinds/virtual-service.ts';
import type { RouteMatchSchema } from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { Init } from '../message.ts';
import { headerMatcher, queryMatcher, withoutHeaderMatcher } from './string-match.ts';

type RouteMatch = Init<typeof RouteMatchSchema>;

export const MATCH_ALL: RouteMatch = { pathSpecifier: { case: 'prefix', value: '/' } };

/** One Istio HTTPMatchRequest: all of its fields must hold. What it asks of the reader is the caller's matter. */
export function routeMatch(match: HttpMatch): RouteMatch {
  const { method, authority, scheme } = match;
  const pseudo: [string, HeaderMatch | undefined][] = [
    [':method', method],
    [':authority', authority],
    [':scheme', scheme],
  ];
  const headers = [
    ...Object.entries(match.headers ?? {}).map(([name, value]) => headerMatcher(name, value)),
    ...Object.entries(match.withoutHeaders ?? {}).map(([name, value]) => withoutHeaderMatcher(name, value)),
    ...pseudo.flatMap(([name, value]) => (value === undefined ? [] : [headerMatcher(name, value)])),
  ];
  return {
    ...pathMatch(match.uri),
    ...(match.ignoreUriCase === true ? { caseSensitive: false } : {}),
    headers,
    queryParameters: Object.entries(match.queryParams ?? {}).map(([name, value]) =>
      queryMatcher(name, value),
    ),
  };
}

/** Nothing that follows such a match is ever reached. */
export function isMatchAll({ pathSpecifier: path, headers = [], queryParameters = [] }: RouteMatch): boolean {
  if (headers.length > 0 || queryParameters.length > 0) return false;
  if (path?.case === 'prefix') return path.value === '/' || path.value === '';
  return path?.case === 'safeRegex' && path.value.regex === '.*';
}

function pathMatch(uri: StringMatch | undefined): RouteMatch {
  if (uri === undefined) return MATCH_ALL;
  if ('exact' in uri) return { pathSpecifier: { case: 'path', value: uri.exact } };
  if ('prefix' in uri) return { pathSpecifier: { case: 'prefix', value: uri.prefix } };
  return uri.regex === ''
    ? { pathSpecifier: { case: 'path', value: '' } }
    : { pathSpecifier: { case: 'safeRegex', value: { regex: uri.regex } } };
}
