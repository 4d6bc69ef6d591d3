import type { RetryPolicy as EnvoyRetryPolicy } from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import { NO_CONDITIONS, type RetryConditions } from './retry-policy.ts';

const STATUS_CODES = 'retriable-status-codes';

/**
 * Envoy's words for `retry_on`. A connection that could not be made is a reset before the request in Envoy's eyes, and
 * a reset counts as a 5xx and as a gateway error, because it would become one.
 */
const MEANING: ReadonlyMap<string, Partial<RetryConditions>> = new Map<string, Partial<RetryConditions>>([
  ['5xx', { any5xx: true, gatewayError: true, reset: true, resetBeforeRequest: true, connectFailure: true }],
  ['gateway-error', { gatewayError: true, reset: true, resetBeforeRequest: true, connectFailure: true }],
  ['reset', { reset: true, resetBeforeRequest: true, connectFailure: true }],
  ['reset-before-request', { resetBeforeRequest: true, connectFailure: true }],
  ['connect-failure', { connectFailure: true }],
  ['retriable-4xx', { retriable4xx: true }],
]);

/**
 * Words about HTTP/2 streams, gRPC statuses and the rate limit service. What they speak of cannot come up here:
 * HTTP/2 travels as opaque connections. Accepting them promises nothing that is not kept.
 */
const WITHOUT_EFFECT = new Set([
  'refused-stream',
  'envoy-ratelimited',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
]);

/** What `retry_on` and `retriable_status_codes` amount to; NO_CONDITIONS itself when that is nothing. */
export function compileRetryConditions(policy: EnvoyRetryPolicy, place: Place): RetryConditions {
  const words = policy.retryOn
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  const statuses = acceptStatuses(policy.retriableStatusCodes, words, place.in('retriable_status_codes'));
  let on: RetryConditions = statuses.size === 0 ? NO_CONDITIONS : { ...NO_CONDITIONS, statuses };
  for (const word of words) {
    const meaning = MEANING.get(word);
    if (meaning !== undefined) on = { ...on, ...meaning };
    else if (word !== STATUS_CODES && !WITHOUT_EFFECT.has(word)) {
      place.in('retry_on').refuse(`${word} is not supported`);
    }
  }
  return on;
}

/** Envoy reads the codes only when `retry_on` says so; codes that nobody reads are a mistake. */
function acceptStatuses(codes: readonly number[], words: readonly string[], place: Place): Set<number> {
  if (codes.length > 0 && !words.includes(STATUS_CODES))
    place.refuse(`retry_on does not name ${STATUS_CODES}`);
  for (const code of codes) {
    if (code < 100 || code > 599) place.refuse(`${code} is not a status code`);
  }
  return new Set(codes);
}
