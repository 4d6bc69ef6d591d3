import type { Sample } from './constant-rate.ts';

/** Seconds from the start. */
export interface Span {
  readonly fromS: number;
  readonly toS: number;
}

export interface Figures {
  readonly requests: number;
  readonly failed: number;
  /** Shares of 1. */
  readonly under100ms: number;
  readonly under100msWhileSlow: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly p99EachSecondMs: readonly number[];
}

/** What the callers of one balancer saw. */
export interface Row extends Figures {
  readonly balancer: string;
  /** Requests that reached the slow endpoint while it was slow. */
  readonly toSlowEndpoint: number;
}

/** The default balancer is to keep most requests under this time. */
const LIMIT_MS = 100;

export function summarise(samples: readonly Sample[], seconds: number, slow: Span): Figures {
  const whileSlow = samples.filter(({ atMs }) => atMs >= slow.fromS * 1_000 && atMs < slow.toS * 1_000);
  const second = (i: number): Sample[] => samples.filter(({ atMs }) => Math.floor(atMs / 1_000) === i);
  return {
    requests: samples.length,
    failed: samples.filter(({ ok }) => !ok).length,
    under100ms: shareUnderLimit(samples),
    under100msWhileSlow: shareUnderLimit(whileSlow),
    p50Ms: percentile(samples, 0.5),
    p99Ms: percentile(samples, 0.99),
    p999Ms: percentile(samples, 0.999),
    p99EachSecondMs: Array.from({ length: seconds }, (_, i) => percentile(second(i), 0.99)),
  };
}

function shareUnderLimit(samples: readonly Sample[]): number {
  const share = samples.filter(({ ok, tookMs }) => ok && tookMs < LIMIT_MS).length / samples.length;
  return Math.round(share * 10_000) / 10_000;
}

/** Nearest rank, to a tenth of a millisecond. */
function percentile(samples: readonly Sample[], share: number): number {
  const sorted = samples.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  return Math.round((sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN) * 10) / 10;
}
