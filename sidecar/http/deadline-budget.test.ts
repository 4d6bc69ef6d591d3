import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeadlineBudget, roundedUp, smallest } from './deadline-budget.ts';

const NONE = Number.POSITIVE_INFINITY;

describe('deadline budget', () => {
  test.each([
    ['nothing', 0, NONE, NONE],
    ['the route', 100, NONE, 100],
    ['a header', 0, 80, 80],
    ['the smaller header', 100, 80, 80],
    ['the smaller route', 100, 120, 100],
  ])('the limit is of %s', (_, routeMs, headerMs, expected) => {
    expect(smallest(routeMs, headerMs)).toBe(expected);
  });

  test.each([
    ['a limit from the end of the request', { deadlineMs: NONE, requestMs: 100, tryMs: NONE }, 100, 1100],
    ['a deadline that comes before it', { deadlineMs: 1040, requestMs: 100, tryMs: NONE }, 40, 1040],
    ['a deadline that comes after it', { deadlineMs: 1140, requestMs: 100, tryMs: NONE }, 100, 1100],
    ['a deadline alone', { deadlineMs: 1040, requestMs: NONE, tryMs: NONE }, 40, 1040],
    ['tries alone', { deadlineMs: NONE, requestMs: NONE, tryMs: 10 }, NONE, NONE],
  ])('%s', (_, limits, timerMs, deadlineMs) => {
    const budget = new DeadlineBudget(limits);
    expect(budget.requestEnded(1000)).toBe(timerMs);
    expect(budget.deadlineMs).toBe(deadlineMs);
    expect(budget.isLate(Math.min(deadlineMs, 1e9) - 1)).toBe(false);
    expect(budget.isLate(1e9)).toBe(deadlineMs < NONE);
  });

  test('a long upload is not late, but a deadline passes meanwhile', () => {
    const budget = new DeadlineBudget({ deadlineMs: 1500, requestMs: 100, tryMs: NONE });
    expect(budget.timerMs(1000)).toBe(504);
    expect(budget.toldMs(1000)).toBe(100);
    expect(budget.requestEnded(1450)).toBe(50);
    expect(budget.toldMs(1450)).toBe(50);
  });

  test('what is told shrinks, and is never nothing', () => {
    const budget = new DeadlineBudget({ deadlineMs: 1100, requestMs: NONE, tryMs: 60 });
    expect([1000, 1050, 1099.5].map((nowMs) => budget.toldMs(nowMs))).toEqual([60, 50, 1]);
  });

  test('rounded durations are few, and at most 1/32 too long', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1e9, noNaN: true }), (ms) => {
        const rounded = roundedUp(ms);
        expect(rounded).toBeGreaterThanOrEqual(ms);
        expect(rounded).toBeLessThanOrEqual(Math.ceil(ms) * (1 + 1 / 32));
      }),
    );
    const all = new Set(Array.from({ length: 100_000 }, (_, i) => roundedUp(i + 1)));
    expect(all.size).toBeLessThan(500);
    expect(roundedUp(50)).toBe(50);
    expect(roundedUp(NONE)).toBe(NONE);
  });
});
