import {
  type LocalRateLimit,
  LocalRateLimitSchema,
} from '#api/xds/gen/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb.js';
import { TokenBucketSchema } from '#api/xds/gen/envoy/type/v3/token_bucket_pb.js';
import type { LocalRateLimitPolicy } from '#sidecar/http/local-rate-limit.ts';
import { ALL, compileRuntimeFraction } from '#sidecar/routing/fraction.ts';
import { acceptDuration } from './durations.ts';
import type { Place } from './refusals.ts';

const SUPPORTED = new Set(['stat_prefix', 'status', 'token_bucket', 'filter_enabled', 'filter_enforced']);

/** Envoy answers with it, and never with a status below 400. */
const DEFAULT_STATUS = 429;

/** One bucket for everybody: without a bucket, or for no request at all, there is no limit. */
export function acceptRateLimit(limit: LocalRateLimit, place: Place): LocalRateLimitPolicy | undefined {
  place.allow(LocalRateLimitSchema, limit, SUPPORTED);
  const share = shareOf(limit.filterEnabled, place.in('filter_enabled'));
  const enforced = shareOf(limit.filterEnforced, place.in('filter_enforced'));
  if (share === 0 || limit.tokenBucket === undefined) return undefined;
  if (enforced !== ALL) place.in('filter_enforced').refuse('only 100 % is supported');
  const { code = DEFAULT_STATUS } = limit.status ?? {};
  const here = place.in('token_bucket');
  const { maxTokens, tokensPerFill = 1, fillInterval } = limit.tokenBucket;
  here.allow(
    TokenBucketSchema,
    limit.tokenBucket,
    new Set(['max_tokens', 'tokens_per_fill', 'fill_interval']),
  );
  const fillIntervalMs =
    fillInterval === undefined ? 0 : acceptDuration(fillInterval, here.in('fill_interval'));
  if (maxTokens < 1) here.in('max_tokens').refuse('must be at least 1');
  if (tokensPerFill < 1) here.in('tokens_per_fill').refuse('must be at least 1');
  if (fillIntervalMs < 50) here.in('fill_interval').refuse('must be at least 50ms');
  return {
    name: limit.statPrefix,
    bucket: { maxTokens, tokensPerFill, fillIntervalMs },
    status: code < 400 ? DEFAULT_STATUS : code,
    share,
  };
}

/** Not said is never, as in Envoy. */
function shareOf(fraction: LocalRateLimit['filterEnabled'], place: Place): number {
  return fraction === undefined ? 0 : compileRuntimeFraction(fraction, place);
}
