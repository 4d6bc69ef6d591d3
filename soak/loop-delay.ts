/** Quantiles of the event loop's delay over many samples. */
import { DELAY_BOUNDS_MS, type Delay } from './vitals.ts';

export interface DelaySummary {
  /** Upper bounds of the quantiles, milliseconds: true values are at most this. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

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
