import { type RegexMatcher, RegexMatcherSchema } from '#api/xds/gen/envoy/type/matcher/v3/regex_pb.js';
import { type StringMatcher, StringMatcherSchema } from '#api/xds/gen/envoy/type/matcher/v3/string_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import { compileRegex } from './regex.ts';

export type StringPredicate = (text: string) => boolean;

const never: StringPredicate = () => false;

/** Envoy's StringMatcher. `ignore_case` does not apply to regular expressions, which have `(?i)`. */
export function compileStringMatcher(matcher: StringMatcher, place: Place): StringPredicate {
  place.allow(
    StringMatcherSchema,
    matcher,
    new Set(['exact', 'prefix', 'suffix', 'contains', 'safe_regex', 'ignore_case']),
  );
  const { matchPattern } = matcher;
  switch (matchPattern.case) {
    case 'safeRegex':
      return compileRegexMatcher(matchPattern.value, place.in('safe_regex'));
    case 'exact':
    case 'prefix':
    case 'suffix':
    case 'contains':
      return compileText(matchPattern.case, matchPattern.value, matcher.ignoreCase);
    case undefined:
      place.refuse('no pattern is given');
  }
  return never;
}

export function compileRegexMatcher(matcher: RegexMatcher, place: Place): StringPredicate {
  place.allow(RegexMatcherSchema, matcher, new Set(['google_re2', 'regex']));
  const regex = compileRegex(matcher.regex);
  if (regex.ok) return regex.matches;
  place.refuse(regex.reason);
  return never;
}

type TextMatch = 'exact' | 'prefix' | 'suffix' | 'contains';

function compileText(how: TextMatch, pattern: string, ignoreCase: boolean): StringPredicate {
  if (!ignoreCase) return textPredicate(how, pattern);
  const folded = textPredicate(how, pattern.toLowerCase());
  return (text) => folded(text.toLowerCase());
}

function textPredicate(how: TextMatch, pattern: string): StringPredicate {
  switch (how) {
    case 'exact':
      return (text) => text === pattern;
    case 'prefix':
      return (text) => text.startsWith(pattern);
    case 'suffix':
      return (text) => text.endsWith(pattern);
    case 'contains':
      return (text) => text.includes(pattern);
  }
}
