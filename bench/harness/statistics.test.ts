import { expect, test } from 'vitest';
import { median, ratioOf } from './statistics.ts';

test.each([
  { values: [3, 1, 2], is: 2, why: 'the middle of what is sorted' },
  { values: [10, 9, 100], is: 10, why: 'numbers are sorted as numbers' },
  { values: [4, 1, 3, 2], is: 2.5, why: 'the mean of the two in the middle' },
  { values: [7], is: 7, why: 'one value is its own median' },
  { values: [], is: Number.NaN, why: 'nothing has no median' },
])('median of $values is $is: $why', ({ values, is }) => {
  expect(median(values)).toBe(is);
});

test('a ratio is the median of the quotients of the rounds, not the quotient of medians', () => {
  // A disturbance of the third round made both sides ten times as dear.
  expect(ratioOf([10, 12, 100], [20, 16, 100])).toBe(0.75);
  expect(median([10, 12, 100]) / median([20, 16, 100])).not.toBe(0.75);
});

test('sides with other numbers of rounds have no ratio', () => {
  expect(() => ratioOf([1, 2], [1])).toThrow('2 rounds against 1');
});

test.each([
  { ours: [2, -1, 4], theirs: [1, 1, 2], is: 2, why: 'a difference below zero is noise' },
  { ours: [2, 2, 2], theirs: [1, -1, 0], is: undefined, why: 'one round of three says nothing' },
  { ours: [2, 2], theirs: [1, 0], is: undefined, why: 'half of the rounds is not most of them' },
  { ours: [], theirs: [], is: undefined, why: 'nothing was measured' },
])('$ours against $theirs is $is: $why', ({ ours, theirs, is }) => {
  expect(ratioOf(ours, theirs)).toBe(is);
});
