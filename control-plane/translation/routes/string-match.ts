import type { HeaderMatch, StringMatch } from '#api/kinds/istio-values.ts';
import type {
  HeaderMatcherSchema,
  QueryParameterMatcherSchema,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { StringMatcherSchema } from '#api/xds/gen/envoy/type/matcher/v3/string_pb.js';
import type { Init } from '../message.ts';

type StringMatcher = Init<typeof StringMatcherSchema>;
type HeaderMatcher = Init<typeof HeaderMatcherSchema>;
type QueryMatcher = Init<typeof QueryParameterMatcherSchema>;

/** Istio's word for "present" where a pattern is expected; no RE2. */
export const PRESENT_REGEX = '*';

/** Undefined for a match that everything meets: Envoy refuses an empty prefix. */
export function stringMatcher(match: StringMatch): StringMatcher | undefined {
  if ('exact' in match) return { matchPattern: { case: 'exact', value: match.exact } };
  if ('regex' in match) {
    return match.regex === ''
      ? { matchPattern: { case: 'exact', value: '' } }
      : { matchPattern: { case: 'safeRegex', value: { regex: match.regex } } };
  }
  return match.prefix === '' ? undefined : { matchPattern: { case: 'prefix', value: match.prefix } };
}

/** A header's match; `{}` asks for presence. Pseudo-headers (`:method`, `:authority`) work the same. */
export function headerMatcher(name: string, match: HeaderMatch): HeaderMatcher {
  const matcher = isStringMatch(match) ? valueMatcher(match) : undefined;
  return {
    name,
    headerMatchSpecifier:
      matcher === undefined ? { case: 'presentMatch', value: true } : { case: 'stringMatch', value: matcher },
  };
}

/** Istio `withoutHeaders`: a request without the header meets it. */
export function withoutHeaderMatcher(name: string, match: HeaderMatch): HeaderMatcher {
  const matcher = headerMatcher(name, match);
  return matcher.headerMatchSpecifier?.case === 'presentMatch'
    ? { ...matcher, invertMatch: true }
    : { ...matcher, invertMatch: true, treatMissingHeaderAsEmpty: true };
}

/** A query parameter's match; `{}` asks for presence. */
export function queryMatcher(name: string, match: HeaderMatch): QueryMatcher {
  const matcher = isStringMatch(match) ? valueMatcher(match) : undefined;
  return {
    name,
    queryParameterMatchSpecifier:
      matcher === undefined ? { case: 'presentMatch', value: true } : { case: 'stringMatch', value: matcher },
  };
}

function valueMatcher(match: StringMatch): StringMatcher | undefined {
  return 'regex' in match && match.regex === PRESENT_REGEX ? undefined : stringMatcher(match);
}

function isStringMatch(match: HeaderMatch): match is StringMatch {
  return 'exact' in match || 'prefix' in match || 'regex' in match;
}
