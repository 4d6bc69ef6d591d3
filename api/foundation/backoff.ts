import type { Random } from './random.ts';

export interface BackoffPolicy {
  /** First delay, milliseconds. */
  readonly initialMs: number;
  /** Delays never exceed this, milliseconds. */
  readonly maxMs: number;
  /** Growth per failure. */
  readonly factor: number;
  /** Share of the delay that is random, 0..1: spreads clients that failed together. */
  readonly jitter: number;
}

export interface Backoff {
  /** The delay before the next try, milliseconds; each call counts one failure. */
  nextMs(): number;
  /** Forget the failures, after a success. */
  reset(): void;
}

/** Exponential back-off with jitter, as gRPC's connection back-off describes it. */
export function createBackoff(policy: BackoffPolicy, random: Random): Backoff {
  let failures = 0;
  return {
    nextMs() {
      const base = Math.min(policy.maxMs, policy.initialMs * policy.factor ** failures);
      failures += 1;
      return base * (1 - policy.jitter) + base * policy.jitter * random();
    },
    reset() {
      failures = 0;
    },
  };
}
