import {
  CorsPolicySchema,
  type CorsPolicy as EnvoyCorsPolicy,
} from '#api/xds/gen/envoy/extensions/filters/http/cors/v3/cors_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import { ALL, compileRuntimeFraction } from './fraction.ts';
import { acceptHeaderValue } from './header-syntax.ts';
import type { CorsPolicy } from './route-table.ts';
import { compileStringMatcher } from './string-match.ts';

const SUPPORTED = new Set([
  'allow_origin_string_match',
  'allow_methods',
  'allow_headers',
  'expose_headers',
  'max_age',
  'allow_credentials',
  'filter_enabled',
  'forward_not_matching_preflights',
]);

/** The CORS filter's policy for a route; undefined when `filter_enabled` is 0 %. */
export function compileCors(policy: EnvoyCorsPolicy, place: Place): CorsPolicy | undefined {
  place.allow(CorsPolicySchema, policy, SUPPORTED);
  const origins = policy.allowOriginStringMatch.map((matcher, i) =>
    compileStringMatcher(matcher, place.in(`allow_origin_string_match[${i}]`)),
  );
  if (!isEnabled(policy, place.in('filter_enabled'))) return undefined;
  return {
    allowsOrigin: (origin) => origins.some((matches) => matches(origin)),
    allowMethods: acceptHeaderValue(policy.allowMethods, place.in('allow_methods')),
    allowHeaders: acceptHeaderValue(policy.allowHeaders, place.in('allow_headers')),
    exposeHeaders: acceptHeaderValue(policy.exposeHeaders, place.in('expose_headers')),
    maxAge: acceptHeaderValue(policy.maxAge, place.in('max_age')),
    allowCredentials: policy.allowCredentials ?? false,
    forwardUnmatchedPreflights: policy.forwardNotMatchingPreflights ?? true,
  };
}

/** The policy holds for all requests or for none: half a policy would be a riddle to every browser. */
function isEnabled({ filterEnabled }: EnvoyCorsPolicy, place: Place): boolean {
  if (filterEnabled === undefined) return true;
  const share = compileRuntimeFraction(filterEnabled, place);
  if (share !== 0 && share !== ALL) place.refuse('must be 0 % or 100 %');
  return share > 0;
}
