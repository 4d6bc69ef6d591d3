/** What a route says to the HTTP filters before the router: faults and CORS. */
import type { Any } from '@bufbuild/protobuf/wkt';
import { parseDuration } from '#api/foundation/duration.ts';
import type { CorsPolicy, HttpFault, HttpRoute } from '#api/kinds/virtual-service.ts';
import { CorsPolicySchema } from '#api/xds/gen/envoy/extensions/filters/http/cors/v3/cors_pb.js';
import { HTTPFaultSchema } from '#api/xds/gen/envoy/extensions/filters/http/fault/v3/fault_pb.js';
import type { StringMatcherSchema } from '#api/xds/gen/envoy/type/matcher/v3/string_pb.js';
import { CORS_FILTER, FAULT_FILTER } from '../listeners/http-filters.ts';
import { durationOf, type Init, pack } from '../message.ts';
import { fraction } from './percent.ts';
import { stringMatcher } from './string-match.ts';

/** By filter name, as Envoy's `typed_per_filter_config`. */
export function perFilterConfig({ fault, corsPolicy }: HttpRoute): Record<string, Any> {
  return {
    ...(fault === undefined ? {} : { [FAULT_FILTER]: pack(HTTPFaultSchema, httpFault(fault)) }),
    ...(corsPolicy === undefined ? {} : { [CORS_FILTER]: pack(CorsPolicySchema, cors(corsPolicy)) }),
  };
}

/** Istio: a fault without a percentage hits nobody. */
function httpFault({ delay, abort }: HttpFault): Init<typeof HTTPFaultSchema> {
  return {
    ...(delay === undefined
      ? {}
      : {
          delay: {
            faultDelaySecifier: {
              case: 'fixedDelay' as const,
              value: durationOf(parseDuration(delay.fixedDelay) ?? 0),
            },
            percentage: fraction(delay.percentage, delay.percent, 0),
          },
        }),
    ...(abort === undefined
      ? {}
      : {
          abort: {
            errorType: { case: 'httpStatus' as const, value: abort.httpStatus },
            percentage: fraction(abort.percentage, undefined, 0),
          },
        }),
  };
}

function cors(policy: CorsPolicy): Init<typeof CorsPolicySchema> {
  const { allowOrigins = [], allowMethods = [], allowHeaders = [], exposeHeaders = [], maxAge } = policy;
  return {
    allowOriginStringMatch: allowOrigins.map((origin) => stringMatcher(origin) ?? ANY_ORIGIN),
    allowMethods: allowMethods.join(','),
    allowHeaders: allowHeaders.join(','),
    exposeHeaders: exposeHeaders.join(','),
    maxAge: maxAge === undefined ? '' : String(Math.floor((parseDuration(maxAge) ?? 0) / 1000)),
    ...(policy.allowCredentials === undefined ? {} : { allowCredentials: policy.allowCredentials }),
    filterEnabled: { defaultValue: fraction(undefined, undefined, 100) },
    forwardNotMatchingPreflights: policy.unmatchedPreflights !== 'IGNORE',
  };
}

/** What an empty prefix means, which Envoy refuses. */
const ANY_ORIGIN: Init<typeof StringMatcherSchema> = {
  matchPattern: { case: 'safeRegex', value: { regex: '.*' } },
};
