import { expect, test } from 'vitest';
import { neverHolds } from './unmet-filters.ts';

test.each<[string, boolean]>([
  ['false', true],
  ['response.code > 599', true],
  ['response.code >= 500 && response.code < 500', true],
  ['(response.code == 200) && response.code != 200', true],
  ['response.code == 0', false],
  ['response.code >= 500 && response.code < 501', false],
  ['response.code >= 500 || response.code < 400', false],
  ['response.code > 599 && request.method == "GET"', false],
  ['true', false],
])('%s', (expression, expected) => {
  expect(neverHolds(expression)).toBe(expected);
});
