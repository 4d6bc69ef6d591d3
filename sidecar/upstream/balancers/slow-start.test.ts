import { expect, test } from 'vitest';
import { warmth } from './slow-start.ts';

test.each([
  ['at once, the least', 1, 0, 0.1],
  ['half-way, half', 1, 30_000, 0.5],
  ['in the end, all', 1, 60_000, 1],
  ['and all for ever', 1, 1e9, 1],
  ['more aggressive, more', 2, 15_000, 0.5],
  ['less aggressive, less', 0.5, 30_000, 0.25],
])('%s', (_name, aggression, ageMs, expected) => {
  expect(warmth({ windowMs: 60_000, aggression, minWeightPercent: 10 }, ageMs)).toBeCloseTo(expected, 6);
});
