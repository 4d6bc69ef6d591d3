import { parseDuration } from '#api/foundation/duration.ts';
import type { HttpRetry } from '#api/kinds/virtual-service.ts';
import type { RetryPolicySchema } from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import { PreviousHostsPredicateSchema } from '#api/xds/gen/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.js';
import { durationOf, type Init, pack } from '../message.ts';

type RetryPolicy = Init<typeof RetryPolicySchema>;

/** Istio's default: the request surely did not reach the app, or a named status says that it may be sent again. */
const DEFAULT_RETRY_ON = 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes';
const DEFAULT_RETRIES = 2;
/** How often another host is looked for before one that was tried is taken again (Istio). */
const HOST_SELECTION_ATTEMPTS = 5n;

const OTHER_HOSTS: RetryPolicy = {
  retryHostPredicate: [
    {
      name: 'envoy.retry_host_predicates.previous_hosts',
      configType: { case: 'typedConfig', value: pack(PreviousHostsPredicateSchema, {}) },
    },
  ],
};

/** gRPC's words for the same; `connect-failure` is its transparent retry. */
export const PROXYLESS_RETRIES: RetryPolicy = { retryOn: 'unavailable', numRetries: DEFAULT_RETRIES };

/**
 * Undefined: no second try. `hashed`: the destination is chosen by a hash, so another host would break what the hash
 * is for, unless the rule asks for it (Istio).
 */
export function retryPolicy(retries: HttpRetry | undefined, hashed: boolean): RetryPolicy | undefined {
  if (retries === undefined) return basePolicy(DEFAULT_RETRIES, !hashed);
  if ((retries.attempts ?? 0) === 0) return undefined;
  const { perTryTimeout, backoff, retryIgnorePreviousHosts = !hashed } = retries;
  return {
    ...basePolicy(retries.attempts!, retryIgnorePreviousHosts),
    ...(retries.retryOn ? conditions(retries.retryOn) : {}),
    ...(perTryTimeout === undefined ? {} : { perTryTimeout: durationOf(parseDuration(perTryTimeout) ?? 0) }),
    ...(backoff === undefined
      ? {}
      : { retryBackOff: { baseInterval: durationOf(parseDuration(backoff) ?? 0) } }),
  };
}

function basePolicy(numRetries: number, otherHosts: boolean): RetryPolicy {
  return {
    retryOn: DEFAULT_RETRY_ON,
    numRetries,
    hostSelectionRetryMaxAttempts: HOST_SELECTION_ATTEMPTS,
    ...(otherHosts ? OTHER_HOSTS : {}),
  };
}

/** Numbers among the words are status codes, and ask for `retriable-status-codes`. */
function conditions(retryOn: string): RetryPolicy {
  const words = retryOn
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  const codes = words.filter((word) => /^\d+$/.test(word)).map(Number);
  const rest = words.filter((word) => !/^\d+$/.test(word));
  if (codes.length > 0 && !rest.includes('retriable-status-codes')) rest.push('retriable-status-codes');
  return { retryOn: rest.join(','), retriableStatusCodes: codes };
}
