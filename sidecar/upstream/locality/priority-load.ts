/**
 * Envoy's shares of the priorities: the first takes what its healthy endpoints can carry, which is more than their part
 * by the overprovisioning factor; what is left goes to the next.
 */
import type { LocalityPolicy } from './locality-policy.ts';

/** How many endpoints a priority has. */
export interface Counts {
  readonly healthy: number;
  readonly total: number;
}

export interface PriorityLoad {
  /** Percentage of the traffic, a whole number; 100 in sum. */
  readonly load: number;
  /** Its unhealthy endpoints are used as well. */
  readonly panic: boolean;
}

/** `priorities`: one at least. */
export function priorityLoads(priorities: readonly Counts[], policy: LocalityPolicy): PriorityLoad[] {
  const health = priorities.map((counts) => healthOf(counts, policy.overprovisioningFactor));
  const available = Math.min(100, sum(health));
  const panics = priorities.map((counts) => available < 100 && inPanic(counts, policy.panicThreshold));
  const loads = panics.every(Boolean) ? sharesByCount(priorities) : sharesOf(health, available);
  return loads.map((load, i) => ({ load, panic: panics[i]! }));
}

/** Percentage of a priority's traffic that it can carry, a whole number. */
function healthOf({ healthy, total }: Counts, overprovisioningFactor: number): number {
  return total === 0 ? 0 : Math.min(100, Math.floor((overprovisioningFactor * healthy) / total));
}

function inPanic({ healthy, total }: Counts, threshold: number): boolean {
  return (total === 0 ? 0 : (100 * healthy) / total) < threshold;
}

/** In order of priority; what rounding leaves over goes to the first that has any health. */
function sharesOf(health: readonly number[], available: number): number[] {
  if (available === 0) return health.map((_, i) => (i === 0 ? 100 : 0));
  let left = 100;
  const shares = health.map((percent) => {
    const share = Math.min(left, Math.floor((percent * 100) / available));
    left -= share;
    return share;
  });
  const first = health.findIndex((percent) => percent > 0);
  return shares.map((share, i) => (i === first ? share + left : share));
}

/** All are in panic: each gets what its number of endpoints says. */
function sharesByCount(priorities: readonly Counts[]): number[] {
  const total = sum(priorities.map((counts) => counts.total));
  if (total === 0) return priorities.map((_, i) => (i === 0 ? 100 : 0));
  const shares = priorities.map((counts) => Math.floor((100 * counts.total) / total));
  const first = priorities.findIndex((counts) => counts.total > 0);
  const left = 100 - sum(shares);
  return shares.map((share, i) => (i === first ? share + left : share));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
