import {
  type RetryPolicy as EnvoyRetryPolicy,
  type RetryPolicy_RetryBackOff,
  RetryPolicy_RetryBackOffSchema,
  type RetryPolicy_RetryHostPredicate,
  RetryPolicy_RetryHostPredicateSchema,
  RetryPolicySchema,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import { acceptDuration } from '#sidecar/discovery/durations.ts';
import type { Place } from '#sidecar/discovery/refusals.ts';
import { compileRetryConditions } from './retry-conditions.ts';
import { DEFAULT_BACKOFF, NO_CONDITIONS, NO_RETRY, type RetryPolicy } from './retry-policy.ts';

/** Envoy's default for RetryPolicy.num_retries. */
const DEFAULT_RETRIES = 1;

/** More tries than this at one request are a storm, not a remedy. */
const MAX_RETRIES = 25;

/** Envoy's default for RetryBackOff.max_interval, in base intervals. */
const MAX_BACKOFF_BASES = 10;

const PREVIOUS_HOSTS = 'envoy.retry_host_predicates.previous_hosts';

/**
 * `host_selection_retry_max_attempts` bounds how often Envoy draws again to find an endpoint that was not tried; here
 * the balancer is told which ones to leave out, so one draw finds it.
 */
const SUPPORTED = new Set([
  'retry_on',
  'num_retries',
  'per_try_timeout',
  'retry_host_predicate',
  'host_selection_retry_max_attempts',
  'retriable_status_codes',
  'retry_back_off',
]);

/** Compiles a RetryPolicy for a route whose requests may take `timeoutMs` (0: any time). */
export function compileRetryPolicy(
  policy: EnvoyRetryPolicy | undefined,
  timeoutMs: number,
  place: Place,
): RetryPolicy {
  if (policy === undefined) return NO_RETRY;
  place.allow(RetryPolicySchema, policy, SUPPORTED);
  const on = compileRetryConditions(policy, place);
  if ((policy.numRetries ?? 0) > MAX_RETRIES) {
    place.in('num_retries').refuse(`must be at most ${MAX_RETRIES}`);
  }
  const otherHosts = policy.retryHostPredicate.map((predicate, i) =>
    acceptPredicate(predicate, place.in(`retry_host_predicate[${i}]`)),
  );
  return {
    attempts: on === NO_CONDITIONS ? 0 : (policy.numRetries ?? DEFAULT_RETRIES),
    perTryTimeoutMs: compilePerTryTimeout(policy, timeoutMs, place.in('per_try_timeout')),
    on,
    backoff: compileBackoff(policy.retryBackOff, place.in('retry_back_off')),
    otherHosts: otherHosts.length > 0,
  };
}

/** As in Envoy, a time per try that the whole request may not take means nothing. */
function compilePerTryTimeout(policy: EnvoyRetryPolicy, timeoutMs: number, place: Place): number {
  if (policy.perTryTimeout === undefined) return 0;
  const perTryMs = acceptDuration(policy.perTryTimeout, place);
  return timeoutMs !== 0 && perTryMs >= timeoutMs ? 0 : perTryMs;
}

function acceptPredicate(predicate: RetryPolicy_RetryHostPredicate, place: Place): void {
  place.allow(RetryPolicy_RetryHostPredicateSchema, predicate, new Set(['name', 'typed_config']));
  if (predicate.name !== PREVIOUS_HOSTS) place.refuse(`${predicate.name} is not supported`);
}

function compileBackoff(backoff: RetryPolicy_RetryBackOff | undefined, place: Place): RetryPolicy['backoff'] {
  if (backoff === undefined) return DEFAULT_BACKOFF;
  place.allow(RetryPolicy_RetryBackOffSchema, backoff, new Set(['base_interval', 'max_interval']));
  const { baseInterval, maxInterval } = backoff;
  const baseMs = baseInterval === undefined ? 0 : acceptDuration(baseInterval, place.in('base_interval'));
  if (baseMs === 0) place.in('base_interval').refuse('must be above 0');
  const maxMs =
    maxInterval === undefined
      ? baseMs * MAX_BACKOFF_BASES
      : acceptDuration(maxInterval, place.in('max_interval'));
  if (maxMs < baseMs) place.in('max_interval').refuse('must not be below base_interval');
  return { baseMs, maxMs };
}
