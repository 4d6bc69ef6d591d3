/** How a route changes the path, on its way upstream or in the `location` of a redirect. The query stays. */
import type { RouteMatch } from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import {
  type RegexMatchAndSubstitute,
  RegexMatchAndSubstituteSchema,
  RegexMatcherSchema,
} from '#api/xds/gen/envoy/type/matcher/v3/regex_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import { acceptPathText } from './header-syntax.ts';
import { pathEnd } from './path-match.ts';
import { compileSubstitution } from './regex-substitution.ts';

/** Takes a path with query, gives a path with query that starts with a slash. */
export type PathRewrite = (path: string) => string;

/**
 * Envoy's prefix_rewrite: what the route's match named gives way to `text`. That is the prefix, or the whole path for
 * an exact path and for a regular expression.
 */
export function compilePrefixRewrite(text: string, match: RouteMatch, place: Place): PathRewrite {
  acceptPathText(text, place);
  if (!text.startsWith('/')) place.refuse('must start with /');
  const { pathSpecifier: how } = match;
  if (how.case === 'prefix' || how.case === 'pathSeparatedPrefix') {
    const { length } = how.value;
    return (path) => text + path.slice(length);
  }
  return (path) => text + path.slice(pathEnd(path));
}

/**
 * Envoy's regex_rewrite: every match in the path proper gives way to the substitution. A result without a leading
 * slash gets one: it could not be written as a request's target.
 */
export function compileRegexRewrite(rewrite: RegexMatchAndSubstitute, place: Place): PathRewrite {
  place.allow(RegexMatchAndSubstituteSchema, rewrite, new Set(['pattern', 'substitution']));
  if (rewrite.pattern === undefined) place.in('pattern').refuse('is required');
  else place.in('pattern').allow(RegexMatcherSchema, rewrite.pattern, new Set(['google_re2', 'regex']));
  acceptPathText(rewrite.substitution, place.in('substitution'));
  const substitution = compileSubstitution(rewrite.pattern?.regex ?? '', rewrite.substitution);
  if (!substitution.ok) {
    place.in(substitution.at).refuse(substitution.reason);
    return (path) => path;
  }
  return (path) => {
    const end = pathEnd(path);
    const changed = substitution.replaceAll(path.slice(0, end));
    return (changed.startsWith('/') ? changed : `/${changed}`) + path.slice(end);
  };
}
