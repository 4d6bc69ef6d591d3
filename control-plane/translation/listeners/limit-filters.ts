import type { ConnectionLimits } from '#api/mesh/connection-limits.ts';
import { LOCAL_RATE_LIMIT, type RateLimit, type WorkloadLimits } from '#api/mesh/workload-limits.ts';
import { AdaptiveConcurrencySchema } from '#api/xds/gen/envoy/extensions/filters/http/adaptive_concurrency/v3/adaptive_concurrency_pb.js';
import { BufferSchema } from '#api/xds/gen/envoy/extensions/filters/http/buffer/v3/buffer_pb.js';
import { LocalRateLimitSchema } from '#api/xds/gen/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb.js';
import { durationOf, pack } from '../message.ts';
import { fraction } from '../routes/percent.ts';
import type { HttpFilter } from './http-filters.ts';

/** The values of the example in Envoy's documentation. */
const EXAMPLE = { percentile: 90, updateMs: 100, idealMs: 60_000, requests: 50, jitter: 10 } as const;

/** What is too fast is turned away before it takes the place of a request that is not. */
export function limitFilters({ rateLimit, adaptiveConcurrency, connections }: WorkloadLimits): HttpFilter[] {
  return [
    ...(rateLimit === undefined ? [] : [localRateLimit(rateLimit)]),
    ...(adaptiveConcurrency ? [ADAPTIVE] : []),
    ...bodyFilters(connections),
  ];
}

/** Named for the annotation, which is what those who are turned away should look for. */
function localRateLimit({ maxTokens, tokensPerFill, fillIntervalMs }: RateLimit): HttpFilter {
  const always = { defaultValue: fraction(undefined, undefined, 100) };
  const value = pack(LocalRateLimitSchema, {
    statPrefix: LOCAL_RATE_LIMIT,
    tokenBucket: { maxTokens, tokensPerFill, fillInterval: durationOf(fillIntervalMs) },
    filterEnabled: always,
    filterEnforced: always,
  });
  return { name: 'envoy.filters.http.local_ratelimit', configType: { case: 'typedConfig', value } };
}

/** The buffer is the filter that knows how long a body may be. */
export function bodyFilters({ maxRequestBytes }: ConnectionLimits): HttpFilter[] {
  if (maxRequestBytes === undefined) return [];
  const value = pack(BufferSchema, { maxRequestBytes });
  return [{ name: 'envoy.filters.http.buffer', configType: { case: 'typedConfig', value } }];
}

const ADAPTIVE: HttpFilter = {
  name: 'envoy.filters.http.adaptive_concurrency',
  configType: {
    case: 'typedConfig',
    value: pack(AdaptiveConcurrencySchema, {
      concurrencyControllerConfig: {
        case: 'gradientControllerConfig',
        value: {
          sampleAggregatePercentile: { value: EXAMPLE.percentile },
          concurrencyLimitParams: { concurrencyUpdateInterval: durationOf(EXAMPLE.updateMs) },
          minRttCalcParams: {
            interval: durationOf(EXAMPLE.idealMs),
            requestCount: EXAMPLE.requests,
            jitter: { value: EXAMPLE.jitter },
          },
        },
      },
    }),
  },
};
