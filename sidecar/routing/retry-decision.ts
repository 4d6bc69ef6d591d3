/** Which failures a retry policy is for, with Envoy's `retry_on` semantics. */
import type { RetryConditions } from './retry-policy.ts';

/** A response with this status is worth another try. */
export function retriesStatus(on: RetryConditions, status: number): boolean {
  if (status >= 500 && on.any5xx) return true;
  if (status >= 502 && status <= 504 && on.gatewayError) return true;
  return (status === 409 && on.retriable4xx) || on.statuses.has(status);
}

/**
 * The connection broke, the answer made no sense or did not come in time, after the request had been sent. To Envoy that is
 * what it leads to, a gateway's error.
 */
export function retriesReset(on: RetryConditions): boolean {
  return on.reset || on.any5xx || on.gatewayError;
}

/** No connection came about: nothing of the request was sent. */
export function retriesConnectFailure(on: RetryConditions): boolean {
  return on.connectFailure || on.resetBeforeRequest || retriesReset(on);
}
