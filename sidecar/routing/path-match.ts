import type { RouteMatch } from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import type { RequestPredicate } from './header-match.ts';
import { compileRegexMatcher } from './string-match.ts';

/** Where the path proper ends: query and fragment do not take part in a match. */
export function pathEnd(path: string): number {
  for (let i = 0; i < path.length; i += 1) {
    const code = path.charCodeAt(i);
    if (code === 0x3f || code === 0x23) return i;
  }
  return path.length;
}

const never: RequestPredicate = () => false;

/** Envoy's path specifiers. Prefix and exact compare in place; only a regular expression cuts the query off. */
export function compilePathMatch(match: RouteMatch, place: Place): RequestPredicate {
  const { pathSpecifier: how } = match;
  const fold = match.caseSensitive === false;
  switch (how.case) {
    case 'prefix':
      return how.value === '/' ? startsWithSlash : folded(fold, how.value, prefix);
    case 'path':
      return folded(fold, how.value, exact);
    case 'pathSeparatedPrefix':
      if (!/^\/[^?#]*[^?#/]$/.test(how.value)) {
        place.in('path_separated_prefix').refuse('must start with / and not end with it');
      }
      return folded(fold, how.value, separatedPrefix);
    case 'safeRegex': {
      const matches = compileRegexMatcher(how.value, place.in('safe_regex'));
      return ({ path }) => matches(path.slice(0, pathEnd(path)));
    }
    case undefined:
      place.refuse('no path is given (prefix, path, path_separated_prefix or safe_regex)');
  }
  return never;
}

type PathTest = (path: string, pattern: string) => boolean;

const startsWithSlash: RequestPredicate = ({ rooted }) => rooted;

const prefix: PathTest = (path, pattern) => path.startsWith(pattern) && pathEnd(path) >= pattern.length;

const exact: PathTest = (path, pattern) => path.startsWith(pattern) && pathEnd(path) === pattern.length;

const separatedPrefix: PathTest = (path, pattern) =>
  prefix(path, pattern) && (pathEnd(path) === pattern.length || path.charCodeAt(pattern.length) === 0x2f);

function folded(fold: boolean, pattern: string, test: PathTest): RequestPredicate {
  if (!fold) return ({ path }) => test(path, pattern);
  const lower = pattern.toLowerCase();
  return ({ path }) => test(path.toLowerCase(), lower);
}
