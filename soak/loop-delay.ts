/**
 * How late an event loop is, by looking at it again and again: as it was, and without the time in which the process was
 * ready to run and another had the core. A stall of its own is in both; a busy machine is only in the first.
 */

/** How often it is looked; what a look takes longer than this is delay. */
export const LOOK_MS = 5;

/** Bounds of `Delay.within`, milliseconds. */
const DELAY_BOUNDS_MS: readonly number[] = [
  0.5, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 75, 100, 200, 500, 1000, 5000,
];

export interface Delay {
  /** How often it was looked. */
  readonly count: number;
  /** Looks that found the loop late by each of these upper bounds or less, milliseconds; cumulative. */
  readonly within: readonly number[];
  readonly maxMs: number;
}

export interface Delays {
  /** As it was. */
  readonly all: Delay;
  /** Without the time that the process waited for a core. */
  readonly own: Delay;
}

/** Is to be told every `LOOK_MS` what the time is; how late it is told is the delay. */
export class LoopDelay {
  #all = new Lateness();
  #own = new Lateness();
  #atMs: number | undefined;
  #waitedMs = 0;

  /** `waitedMs`: how long the process has waited for a core so far. */
  look(nowMs: number, waitedMs: number): void {
    if (this.#atMs !== undefined) {
      const lateMs = nowMs - this.#atMs - LOOK_MS;
      this.#all.add(lateMs);
      this.#own.add(lateMs - (waitedMs - this.#waitedMs));
    }
    this.#atMs = nowMs;
    this.#waitedMs = waitedMs;
  }

  /** What there was since it was asked before. The time up to the next look is left out. */
  take(): Delays {
    const delays = { all: this.#all.delay, own: this.#own.delay };
    this.#all = new Lateness();
    this.#own = new Lateness();
    this.#atMs = undefined;
    return delays;
  }
}

class Lateness {
  readonly #counts = DELAY_BOUNDS_MS.map(() => 0);
  #count = 0;
  #maxMs = 0;

  add(lateMs: number): void {
    const at = DELAY_BOUNDS_MS.findIndex((bound) => lateMs <= bound);
    if (at >= 0) this.#counts[at]! += 1;
    this.#count += 1;
    this.#maxMs = Math.max(this.#maxMs, lateMs);
  }

  get delay(): Delay {
    let sum = 0;
    const within = this.#counts.map((count) => {
      sum += count;
      return sum;
    });
    return { count: this.#count, within, maxMs: this.#maxMs };
  }
}

export interface DelaySummary {
  /** Upper bounds of the quantiles, milliseconds: true values are at most this. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Quantiles over many samples. */
export function summarize(delays: readonly Delay[]): DelaySummary {
  const count = delays.reduce((sum, delay) => sum + delay.count, 0);
  const within = DELAY_BOUNDS_MS.map((_, i) => delays.reduce((sum, delay) => sum + delay.within[i]!, 0));
  const maxMs = Math.max(0, ...delays.map((delay) => delay.maxMs));
  const quantile = (share: number): number => {
    const at = within.findIndex((upTo) => upTo >= share * count);
    return at < 0 ? maxMs : Math.min(maxMs, DELAY_BOUNDS_MS[at]!);
  };
  return { p50Ms: quantile(0.5), p99Ms: quantile(0.99), maxMs };
}
