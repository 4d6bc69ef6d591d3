import { expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { createDebounce } from './debounce.ts';

function setUp() {
  const clock = new ManualClock();
  const runs: number[] = [];
  return { clock, runs, debounce: createDebounce(clock, () => runs.push(clock.nowMs())) };
}

test('runs once after a quiet', () => {
  const { clock, runs, debounce } = setUp();
  debounce.soon();
  clock.advance(4);
  debounce.soon();
  clock.advance(4);
  expect(runs).toEqual([]);
  clock.advance(1);
  expect(runs).toEqual([9]);
});

test('runs under a constant stream before long, and again', () => {
  const { clock, runs, debounce } = setUp();
  for (let ms = 0; ms < 100; ms += 2) {
    debounce.soon();
    clock.advance(2);
  }
  expect(runs).toEqual([50, 100]);
});

test('runs now when told to, and not a second time', () => {
  const { clock, runs, debounce } = setUp();
  debounce.soon();
  debounce.now();
  clock.advance(100);
  expect(runs).toEqual([0]);
});

test('does not run once cancelled', () => {
  const { clock, runs, debounce } = setUp();
  debounce.soon();
  debounce.cancel();
  clock.advance(100);
  expect(runs).toEqual([]);
});
