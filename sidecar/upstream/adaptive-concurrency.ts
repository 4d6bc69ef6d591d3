/**
 * How many requests may be under way at once, found out by watching what they take: Envoy's gradient controller
 * (envoy.filters.http.adaptive_concurrency). While latency stays near what it is without queues, the limit grows; when it
 * rises, requests wait in line behind one another, and the limit shrinks by as much as it rose.
 *
 *     measuring ── enough samples at a small limit: the ideal latency ──▶ watching
 *     watching ─── each interval: limit × ideal / seen, + headroom ──▶ watching
 *         └─────── the ideal is old, or the limit stays at its floor ──▶ measuring
 *
 * Windows end when somebody next asks: no timer runs for it.
 */
import type { Random } from '#api/foundation/random.ts';

export interface AdaptiveConcurrencyPolicy {
  /** Which of the latencies of a window stands for it, 0..1 (sample_aggregate_percentile). */
  readonly percentile: number;
  /** The limit never exceeds this (max_concurrency_limit). */
  readonly maxLimit: number;
  /** Length of a window, milliseconds (concurrency_update_interval). */
  readonly updateIntervalMs: number;
  readonly ideal: {
    /** How long it holds, milliseconds (min_rtt_calc_params.interval). */
    readonly intervalMs: number;
    /** At most this share of the interval is added, so that sidecars do not measure at once. */
    readonly jitter: number;
    /** Samples that it is found with. */
    readonly requests: number;
    /** The limit while it is measured, and the lowest ever (min_concurrency). */
    readonly concurrency: number;
    /** Latency above it by this share is no sign of a queue (buffer). */
    readonly buffer: number;
  };
}

/** Envoy's defaults; the two intervals have none there, these are of its documentation's example. */
export const DEFAULT_ADAPTIVE_CONCURRENCY: AdaptiveConcurrencyPolicy = {
  percentile: 0.5,
  maxLimit: 1000,
  updateIntervalMs: 100,
  ideal: { intervalMs: 60_000, jitter: 0.15, requests: 50, concurrency: 3, buffer: 0.25 },
};

/** One window neither halves the limit twice nor more than doubles it. */
const GRADIENT = { least: 0.5, most: 2 } as const;

/** After so many windows at the lowest limit, the ideal latency is measured again: the service may have become slower for good. */
const WINDOWS_AT_FLOOR = 5;

/** Samples kept of one window: enough for a percentile, whatever the traffic. */
export const MAX_SAMPLES = 4096;

export class AdaptiveConcurrency {
  /** Requests that may be under way now. */
  limit: number;
  /** Requests under way. */
  used = 0;
  /** What a request takes that waits for no other, milliseconds; undefined until it was measured. */
  idealMs: number | undefined;
  readonly #policy: AdaptiveConcurrencyPolicy;
  readonly #random: Random;
  #samples: number[] = [];
  #measuring = true;
  /** Requests that began before the measurement were slowed down by those that were under way with them. */
  #measuringSinceMs: number;
  /** The limit before the measurement. */
  #limitBefore: number;
  #windowEndMs = 0;
  #idealUntilMs = 0;
  #atFloor = 0;

  constructor(policy: AdaptiveConcurrencyPolicy, nowMs: number, random: Random) {
    this.#policy = policy;
    this.#random = random;
    this.limit = policy.ideal.concurrency;
    this.#limitBefore = this.limit;
    this.#measuringSinceMs = nowMs;
  }

  /** A request may begin; to be given back by `end` or `cancel`, once. False: there is no room. */
  take(nowMs: number): boolean {
    this.#advance(nowMs);
    if (this.used >= this.limit) return false;
    this.used += 1;
    return true;
  }

  /** A request that began at `startMs` was answered. */
  end(startMs: number, nowMs: number): void {
    this.used -= 1;
    this.#advance(nowMs);
    if (this.#measuring && startMs < this.#measuringSinceMs) return;
    if (this.#samples.length < MAX_SAMPLES) this.#samples.push(Math.max(0, nowMs - startMs));
    if (this.#measuring && this.#samples.length >= this.#policy.ideal.requests) this.#measured(nowMs);
  }

  /** A request ended in a way that says nothing about latency. */
  cancel(): void {
    this.used -= 1;
  }

  #advance(nowMs: number): void {
    if (this.#measuring) return;
    if (nowMs >= this.#idealUntilMs) this.#measure(nowMs);
    else if (nowMs >= this.#windowEndMs) this.#update(nowMs);
  }

  #measure(nowMs: number): void {
    this.#measuring = true;
    this.#measuringSinceMs = nowMs;
    this.#limitBefore = this.limit;
    this.limit = this.#policy.ideal.concurrency;
    this.#samples = [];
    this.#atFloor = 0;
  }

  #measured(nowMs: number): void {
    const { intervalMs, jitter } = this.#policy.ideal;
    this.idealMs = this.#percentile();
    this.#measuring = false;
    this.limit = this.#limitBefore;
    this.#samples = [];
    this.#windowEndMs = nowMs + this.#policy.updateIntervalMs;
    this.#idealUntilMs = nowMs + intervalMs * (1 + jitter * this.#random());
  }

  #update(nowMs: number): void {
    this.#windowEndMs = nowMs + this.#policy.updateIntervalMs;
    if (this.#samples.length === 0) return;
    this.limit = this.#nextLimit();
    this.#samples = [];
    this.#atFloor = this.limit <= this.#policy.ideal.concurrency ? this.#atFloor + 1 : 0;
    if (this.#atFloor >= WINDOWS_AT_FLOOR) this.#measure(nowMs);
  }

  #nextLimit(): number {
    const { ideal, maxLimit } = this.#policy;
    const seenMs = this.#percentile();
    const wanted = seenMs === 0 ? GRADIENT.most : ((this.idealMs ?? seenMs) * (1 + ideal.buffer)) / seenMs;
    const scaled = this.limit * Math.min(GRADIENT.most, Math.max(GRADIENT.least, wanted));
    const headroom = Math.max(1, Math.sqrt(scaled));
    return Math.min(maxLimit, Math.max(ideal.concurrency, Math.floor(scaled + headroom)));
  }

  #percentile(): number {
    const sorted = this.#samples.toSorted((a, b) => a - b);
    const at = Math.ceil(this.#policy.percentile * sorted.length) - 1;
    return sorted[Math.min(sorted.length - 1, Math.max(0, at))]!;
  }
}
