import {
  type RetryPolicy as EnvoyRetryPolicy,
  RetryPolicySchema,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import { DEFAULT_BACKOFF, NO_CONDITIONS, NO_RETRY, type RetryPolicy } from './retry-policy.ts';

/** Envoy's default for RetryPolicy.num_retries. */
const DEFAULT_RETRIES = 1;

/** More tries than this at one request are a storm, not a remedy. */
const MAX_RETRIES = 25;

/** The exchange excludes every endpoint that was tried: what this predicate of Envoy's asks for. */
const PREVIOUS_HOSTS = 'envoy.retry_host_predicates.previous_hosts';

/**
 * The others of Istio's default speak of HTTP/2 streams and gRPC statuses. Those travel as opaque connections here,
 * so they cannot come up: accepting them promises nothing that is not kept.
 */
const CONDITIONS = new Set(['connect-failure', 'refused-stream', 'unavailable', 'cancelled']);

const SUPPORTED = new Set([
  'retry_on',
  'num_retries',
  'retry_host_predicate',
  'host_selection_retry_max_attempts',
]);

export function compileRetryPolicy(policy: EnvoyRetryPolicy | undefined, place: Place): RetryPolicy {
  if (policy === undefined) return NO_RETRY;
  place.allow(RetryPolicySchema, policy, SUPPORTED);
  for (const { name } of policy.retryHostPredicate) {
    if (name !== PREVIOUS_HOSTS) place.in('retry_host_predicate').refuse(`${name} is not supported`);
  }
  const conditions = policy.retryOn
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  for (const word of conditions) {
    if (!CONDITIONS.has(word)) place.in('retry_on').refuse(`${word} is not supported`);
  }
  if ((policy.numRetries ?? 0) > MAX_RETRIES) {
    place.in('num_retries').refuse(`must be at most ${MAX_RETRIES}`);
  }
  if (!conditions.includes('connect-failure')) return NO_RETRY;
  return {
    attempts: policy.numRetries ?? DEFAULT_RETRIES,
    perTryTimeoutMs: 0,
    on: { ...NO_CONDITIONS, connectFailure: true },
    backoff: DEFAULT_BACKOFF,
    otherHosts: true,
  };
}
