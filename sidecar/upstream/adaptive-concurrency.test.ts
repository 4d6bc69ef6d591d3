import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#api/foundation/random.ts';
import { AdaptiveConcurrency, DEFAULT_ADAPTIVE_CONCURRENCY } from './adaptive-concurrency.ts';

const POLICY = DEFAULT_ADAPTIVE_CONCURRENCY;
const { concurrency: FLOOR, requests: ENOUGH } = POLICY.ideal;

/** A controller that has measured an ideal latency of `idealMs`; returns it with the present time. */
function measured(idealMs: number): { controller: AdaptiveConcurrency; nowMs: number } {
  const controller = new AdaptiveConcurrency(POLICY, 0, () => 0);
  let nowMs = 0;
  for (let i = 0; i < ENOUGH; i++) {
    expect(controller.take(nowMs)).toBe(true);
    controller.end(nowMs, nowMs + idealMs);
    nowMs += idealMs;
  }
  return { controller, nowMs };
}

/** The limits after each of `windows`, whose requests take `latencyMs` each. */
function limits(
  controller: AdaptiveConcurrency,
  fromMs: number,
  latencyMs: number,
  windows: number,
): number[] {
  const seen: number[] = [];
  for (let i = 1; i <= windows; i++) {
    const nowMs = fromMs + i * POLICY.updateIntervalMs;
    const startMs = nowMs - 1 - latencyMs;
    if (controller.take(startMs)) controller.end(startMs, nowMs - 1);
    if (controller.take(nowMs)) controller.cancel();
    seen.push(controller.limit);
  }
  return seen;
}

describe('adaptive concurrency', () => {
  test('measures the ideal latency at a small limit first', () => {
    const controller = new AdaptiveConcurrency(POLICY, 0, () => 0);
    expect(Array.from({ length: FLOOR + 1 }, () => controller.take(0))).toEqual([true, true, true, false]);
    expect(controller.idealMs).toBeUndefined();
    const { controller: after } = measured(10);
    expect([after.idealMs, after.limit]).toEqual([10, FLOOR]);
  });

  test.each([
    ['grows while latency is ideal', 10, [5, 8, 13, 20, 30]],
    ['grows within the buffer', 12, [4, 6, 8, 11, 14]],
    ['stays at its floor, and measures again, when latency has doubled twice', 40, [3, 3, 3, 3, 3]],
  ])('%s', (_, latencyMs, expected) => {
    const { controller, nowMs } = measured(10);
    expect(limits(controller, nowMs, latencyMs, 5)).toEqual(expected);
  });

  test('never exceeds its ceiling', () => {
    const { controller, nowMs } = measured(10);
    const seen = limits(controller, nowMs, 5, 100);
    expect(Math.max(...seen)).toBe(POLICY.maxLimit);
  });

  test('a window without answers changes nothing', () => {
    const { controller, nowMs } = measured(10);
    for (let i = 1; i < 10; i++) controller.take(nowMs + i * POLICY.updateIntervalMs);
    expect(controller.limit).toBe(FLOOR);
  });

  test('measures anew when the ideal is old, without those that were under way before', () => {
    const { controller, nowMs } = measured(10);
    limits(controller, nowMs, 10, 20);
    const grown = controller.limit;
    expect(controller.take(nowMs + 3_000)).toBe(true);
    const laterMs = nowMs + POLICY.ideal.intervalMs;
    expect(controller.take(laterMs)).toBe(true);
    expect(controller.limit).toBe(FLOOR);
    controller.end(nowMs + 3_000, laterMs + 1);
    for (let i = 0; i < ENOUGH - 1; i++) {
      controller.take(laterMs);
      controller.end(laterMs, laterMs + 20);
    }
    expect(controller.limit).toBe(FLOOR);
    controller.end(laterMs, laterMs + 20);
    expect([controller.idealMs, controller.limit]).toEqual([20, grown]);
  });

  test('a service with room for 20 gets about as many, whatever is offered', () => {
    const random = seededRandom(11);
    const controller = new AdaptiveConcurrency(POLICY, 0, random);
    const underWay: { startMs: number; endMs: number }[] = [];
    const seen: number[] = [];
    for (let nowMs = 0; nowMs < 30_000; nowMs += 1) {
      for (const request of underWay.filter(({ endMs }) => endMs <= nowMs)) {
        underWay.splice(underWay.indexOf(request), 1);
        controller.end(request.startMs, nowMs);
      }
      for (let offered = 0; offered < 10; offered++) {
        if (!controller.take(nowMs)) break;
        const slow = Math.max(1, (underWay.length + 1) / 20);
        underWay.push({ startMs: nowMs, endMs: nowMs + Math.round(10 * slow * (0.9 + 0.2 * random())) });
      }
      if (nowMs > 5_000 && nowMs % 100 === 0) seen.push(controller.limit);
    }
    const sorted = seen.toSorted((a, b) => a - b);
    const middle = sorted[Math.floor(sorted.length / 2)]!;
    expect(middle).toBeGreaterThan(15);
    expect(middle).toBeLessThan(60);
  });

  test('counts exactly, and stays within its bounds, whatever happens', () => {
    const step = fc.record({ pauseMs: fc.nat(300), ends: fc.boolean(), cancels: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), fc.integer(), (steps, seed) => {
        const controller = new AdaptiveConcurrency(POLICY, 0, seededRandom(seed));
        const starts: number[] = [];
        let nowMs = 0;
        for (const { pauseMs, ends, cancels } of steps) {
          nowMs += pauseMs;
          if (controller.take(nowMs)) starts.push(nowMs);
          if (ends && starts.length > 0) {
            const startMs = starts.shift()!;
            if (cancels) controller.cancel();
            else controller.end(startMs, nowMs);
          }
          expect(controller.used).toBe(starts.length);
          expect(controller.limit).toBeGreaterThanOrEqual(FLOOR);
          expect(controller.limit).toBeLessThanOrEqual(POLICY.maxLimit);
        }
      }),
    );
  });
});
