import {
  type QueryParameterMatcher,
  QueryParameterMatcherSchema,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import type { RequestPredicate } from './header-match.ts';
import { compileStringMatcher } from './string-match.ts';

const SUPPORTED = new Set(['name', 'string_match', 'present_match']);

/** Envoy's QueryParameterMatcher: compares the first value of that name, as sent (not decoded). */
export function compileQueryMatcher(matcher: QueryParameterMatcher, place: Place): RequestPredicate {
  place.allow(QueryParameterMatcherSchema, matcher, SUPPORTED);
  const { name, queryParameterMatchSpecifier: how } = matcher;
  if (name === '') place.in('name').refuse('must not be empty');
  if (how.case === 'stringMatch') {
    const matches = compileStringMatcher(how.value, place.in('string_match'));
    return (request) => {
      const value = queryParameter(request.path, name);
      return value !== undefined && matches(value);
    };
  }
  const wanted = how.value ?? true;
  return (request) => (queryParameter(request.path, name) !== undefined) === wanted;
}

/** The first value of that name in the query of `path`, as sent; "" for one without a value. */
export function queryParameter(path: string, name: string): string | undefined {
  const query = path.indexOf('?');
  if (query < 0) return undefined;
  const fragment = path.indexOf('#', query);
  const text = path.slice(query + 1, fragment < 0 ? undefined : fragment);
  for (const pair of text.split('&')) {
    const equals = pair.indexOf('=');
    if ((equals < 0 ? pair : pair.slice(0, equals)) === name) return equals < 0 ? '' : pair.slice(equals + 1);
  }
  return undefined;
}
