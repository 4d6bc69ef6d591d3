/** When to try again (Envoy's `retry_on` words that mean something for HTTP/1.1), how often, and how long apart. */
export interface RetryPolicy {
  /** Tries beyond the first; 0 is never. */
  readonly attempts: number;
  /** Per try, milliseconds; 0 is none but the request's own. */
  readonly perTryTimeoutMs: number;
  readonly on: RetryConditions;
  /** Full jitter between 0 and `base × 2^n`, at most `max` (Envoy: 25 ms and ten times the base). */
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
  /** Endpoints that were tried are avoided while there are others (Envoy's previous_hosts predicate). */
  readonly otherHosts: boolean;
}

export interface RetryConditions {
  /** The endpoint could not be connected to: the request surely was not seen. */
  readonly connectFailure: boolean;
  /** The connection broke, or the try timed out, before a response began. */
  readonly reset: boolean;
  /** As `reset`, but only before a byte of the request was sent. */
  readonly resetBeforeRequest: boolean;
  /** 409. */
  readonly retriable4xx: boolean;
  /** 502, 503 and 504. */
  readonly gatewayError: boolean;
  /** Every 5xx, and whatever `connectFailure` and `reset` mean. */
  readonly any5xx: boolean;
  /** Named status codes (`retriable-status-codes`). */
  readonly statuses: ReadonlySet<number>;
}

export const NO_CONDITIONS: RetryConditions = {
  connectFailure: false,
  reset: false,
  resetBeforeRequest: false,
  retriable4xx: false,
  gatewayError: false,
  any5xx: false,
  statuses: new Set(),
};

/** Envoy's defaults for RetryBackOff. */
export const DEFAULT_BACKOFF = { baseMs: 25, maxMs: 250 } as const;

export const NO_RETRY: RetryPolicy = {
  attempts: 0,
  perTryTimeoutMs: 0,
  on: NO_CONDITIONS,
  backoff: DEFAULT_BACKOFF,
  otherHosts: true,
};
