import {
  type HeaderMatcher,
  HeaderMatcherSchema,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import type { RequestView } from './request-view.ts';
import { compileStringMatcher, type StringPredicate } from './string-match.ts';

export type RequestPredicate = (request: RequestView) => boolean;

const SUPPORTED = new Set([
  'name',
  'present_match',
  'string_match',
  'range_match',
  'invert_match',
  'treat_missing_header_as_empty',
]);

/** Reads what a header matcher is about; undefined when the request lacks it. */
type Reader = (request: RequestView) => string | undefined;

/**
 * Envoy's HeaderMatcher. A missing header matches nothing, not even an inverted rule, unless
 * `treat_missing_header_as_empty` or the rule is about presence.
 */
export function compileHeaderMatcher(matcher: HeaderMatcher, place: Place): RequestPredicate {
  place.allow(HeaderMatcherSchema, matcher, SUPPORTED);
  const read = readerOf(matcher.name, place);
  const { headerMatchSpecifier: how, invertMatch, treatMissingHeaderAsEmpty } = matcher;
  if (how.case === undefined || how.case === 'presentMatch') {
    const wanted = (how.value ?? true) !== invertMatch;
    return (request) => (read(request) !== undefined || treatMissingHeaderAsEmpty) === wanted;
  }
  const matches = valuePredicate(how, place);
  return (request) => {
    const value = read(request) ?? (treatMissingHeaderAsEmpty ? '' : undefined);
    return value !== undefined && matches(value) !== invertMatch;
  };
}

function valuePredicate(how: HeaderMatcher['headerMatchSpecifier'], place: Place): StringPredicate {
  if (how.case === 'stringMatch') return compileStringMatcher(how.value, place.in('string_match'));
  if (how.case === 'rangeMatch') {
    const { start, end } = how.value;
    return (text) => /^-?\d{1,19}$/.test(text) && BigInt(text) >= start && BigInt(text) < end;
  }
  return () => false;
}

function readerOf(name: string, place: Place): Reader {
  switch (name) {
    case '':
      place.in('name').refuse('must not be empty');
      return () => undefined;
    case ':method':
      return (request) => request.method;
    case ':authority':
      return (request) => request.authority;
    case ':path':
      return (request) => request.path;
    case ':scheme':
      return (request) => request.scheme;
  }
  if (name.startsWith(':')) place.in('name').refuse(`pseudo-header ${name} is not supported`);
  const lower = name.toLowerCase();
  return (request) => request.header(lower);
}
