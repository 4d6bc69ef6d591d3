import { expect, it } from 'vitest';
import { percentile } from './statistics.ts';

it.each([
  ['nothing', [], 0.5, Number.NaN],
  ['one value', [7], 0.99, 7],
  ['the lower of the two in the middle', [4, 1, 3, 2], 0.5, 2],
  ['the largest of a few', [4, 1, 3, 2], 0.99, 4],
  ['hundredths', [1.23456], 0.5, 1.23],
])('takes the nearest rank: %s', (_what, values, share, expected) => {
  expect(percentile(values, share)).toBe(expected);
});
