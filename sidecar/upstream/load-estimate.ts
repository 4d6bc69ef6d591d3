/**
 * What an endpoint costs, from what its tries took: the peak-EWMA of finagle and linkerd, made aware of errors.
 *
 * Latency. A sample above the estimate replaces it (the peak: a stall is believed at once); a sample below pulls it
 * down by `1 - e^(-gap / decay)`. Unobserved estimates fade by the same curve, so that an endpoint that was left
 * alone because it was slow gets tried again. Finagle fades by writing on every read; here reading changes nothing,
 * so that the estimate does not depend on how often it is looked at.
 *
 * Failures. Latency alone rewards an endpoint that fails fast. So a failed try never lowers the latency, and the
 * share of recent failures divides what the endpoint is worth: `cost = latency × (active + 1) / (1 - share)²`. The
 * square makes one error among many cost little (10 % → 1.2×) and a run of errors much (90 % → 100×); a factor keeps
 * its meaning at any latency, which a penalty in milliseconds would not.
 *
 * The put aside. One stall makes an endpoint so dear that it is left alone, and alone it would stay for many times the
 * decay time. So one that was not tried for a pause may be looked at again although it is the dearer: a look that shows it
 * faster than was thought halves the difference at least, and the next comes soon; one that shows it as slow doubles the
 * pause, up to the decay time.
 *
 * The unknown. Without a sample an endpoint is free while idle and dear while its first try is under way: it gets
 * one probe at a time, as in finagle. While it has only failed it counts as slow as a probe is dear, and awaits another
 * probe after a pause that grows from failure to failure up to the decay time; its first success tells its latency. How
 * gently a probe is done is the balancer's to say.
 */
export interface PeakEwmaPolicy {
  /** Time over which a sample's weight falls to 1/e, milliseconds. */
  readonly decayMs: number;
  /** Cost of each try under way at an unknown endpoint, milliseconds. */
  readonly probePenaltyMs: number;
}

/** Decay as in finagle, linkerd and Envoy's peak_ewma; penalty as Envoy's `penalty_value`. */
export const DEFAULT_PEAK_EWMA: PeakEwmaPolicy = { decayMs: 10_000, probePenaltyMs: 1_000 };

/** A failure weighs at least this much, however dense the samples: ten in a row are believed at any request rate. */
const MIN_FAILURE_WEIGHT = 0.1;
/** And at most this much, however rare the samples: one failure alone is no verdict. */
const MAX_FAILURE_WEIGHT = 0.5;
/** The first pause between two looks at an endpoint that failed or was slow, as a part of the decay time; it doubles. */
const FIRST_PAUSE = 1 / 40;
/** A sample that differs from the estimate by this factor shows another endpoint than was thought. */
const SURPRISE = 1.5;
/** How much of the estimate a look keeps at most, where it shows less. */
const KEPT_AT_A_LOOK = 0.5;
/** Above it an endpoint was put aside for its failures, which fade by themselves. */
const NEGLIGIBLE_FAILURES = 0.01;
/** Keeps the cost finite: an endpoint that only fails costs ten thousand times its latency. */
const MAX_FAILURE_SHARE = 0.99;

/** `censored`: the try was given up, it took at least that long. */
export type Verdict = 'success' | 'failure' | 'censored';

export class LoadEstimate {
  policy: PeakEwmaPolicy;
  #latencyMs = 0;
  #latencyAtMs = 0;
  #knows: 'nothing' | 'failures' | 'latency' = 'nothing';
  #pauseMs = 0;
  #failures = 0;
  #failuresAtMs: number;

  constructor(policy: PeakEwmaPolicy, nowMs: number) {
    this.policy = policy;
    this.#failuresAtMs = nowMs;
  }

  observe(nowMs: number, tookMs: number, verdict: Verdict): void {
    if (verdict === 'success') this.#measure(nowMs, tookMs);
    else if (this.#knows === 'latency') this.#raise(nowMs, tookMs);
    else if (verdict === 'failure') this.#suspect(nowMs, tookMs);
    if (verdict !== 'censored') this.#countFailure(nowMs, verdict === 'failure' ? 1 : 0);
  }

  /** Whether a try has ever told its latency. */
  get known(): boolean {
    return this.#knows === 'latency';
  }

  /** Whether one try, to learn what it costs, is due. */
  awaitsProbe(nowMs: number, active: number): boolean {
    if (this.#knows === 'latency' || active > 0) return false;
    return this.#knows === 'nothing' || nowMs - this.#latencyAtMs >= this.#pauseMs;
  }

  /** Whether it was left alone for long enough that what is thought of it deserves another look. */
  isStale(nowMs: number, active: number): boolean {
    if (active > 0 || this.#knows !== 'latency' || nowMs - this.#latencyAtMs < this.#pauseMs) return false;
    return this.failureShare(nowMs) < NEGLIGIBLE_FAILURES;
  }

  /** The expected price of one more try, milliseconds. */
  cost(nowMs: number, active: number): number {
    if (this.#knows === 'nothing') return this.policy.probePenaltyMs * active;
    const worth = 1 - Math.min(MAX_FAILURE_SHARE, this.failureShare(nowMs));
    return (this.latencyMs(nowMs) * (active + 1)) / (worth * worth);
  }

  /** The faded estimate; 0 while unknown. */
  latencyMs(nowMs: number): number {
    return this.#latencyMs * this.#keep(nowMs - this.#latencyAtMs);
  }

  /** Share of recent tries that failed, 0..1. */
  failureShare(nowMs: number): number {
    return this.#failures === 0 ? 0 : this.#failures * this.#keep(nowMs - this.#failuresAtMs);
  }

  #measure(nowMs: number, tookMs: number): void {
    const peak = this.#knows !== 'latency' || tookMs >= this.#latencyMs;
    const stale = this.isStale(nowMs, 0);
    const better = tookMs * SURPRISE < this.#latencyMs;
    const worse = tookMs > this.#latencyMs * SURPRISE;
    const faded = peak ? 0 : this.#keep(nowMs - this.#latencyAtMs);
    const keep = stale ? Math.min(faded, KEPT_AT_A_LOOK) : faded;
    this.#latencyMs = this.#latencyMs * keep + tookMs * (1 - keep);
    this.#latencyAtMs = nowMs;
    this.#knows = 'latency';
    if (better || worse) this.#pauseMs = this.policy.decayMs * FIRST_PAUSE;
    else if (stale && peak) this.#pauseMs = Math.min(this.policy.decayMs, this.#pauseMs * 2);
  }

  /** A try that did not end well took at least this long. */
  #raise(nowMs: number, tookMs: number): void {
    if (tookMs < this.#latencyMs) return;
    this.#latencyMs = tookMs;
    this.#latencyAtMs = nowMs;
  }

  #suspect(nowMs: number, tookMs: number): void {
    this.#latencyMs = Math.max(tookMs, this.policy.probePenaltyMs);
    this.#latencyAtMs = nowMs;
    const { decayMs } = this.policy;
    this.#pauseMs = Math.min(decayMs, Math.max(decayMs * FIRST_PAUSE, this.#pauseMs * 2));
    this.#knows = 'failures';
  }

  #countFailure(nowMs: number, sample: 0 | 1): void {
    const fresh = 1 - this.#keep(nowMs - this.#failuresAtMs);
    const weight = Math.min(MAX_FAILURE_WEIGHT, Math.max(MIN_FAILURE_WEIGHT, fresh));
    this.#failures += (sample - this.#failures) * weight;
    if (this.#failures < 1e-6) this.#failures = 0;
    this.#failuresAtMs = nowMs;
  }

  #keep(gapMs: number): number {
    return gapMs <= 0 ? 1 : Math.exp(-gapMs / this.policy.decayMs);
  }
}
