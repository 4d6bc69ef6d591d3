import { describe, expect, it } from 'vitest';
import { parseQuantity } from './quantity.ts';

describe('parseQuantity', () => {
  it.each([
    ['1', 1],
    ['0.5', 0.5],
    ['.5', 0.5],
    ['500m', 0.5],
    ['64Mi', 67_108_864],
    ['1Gi', 1_073_741_824],
    ['128M', 128e6],
    ['1e3', 1000],
    ['2E', 2e18],
    [2, 2],
  ])('reads %s as %d', (text, value) => expect(parseQuantity(text)).toBeCloseTo(value));

  it.each(['', 'Mi', '64MB', '1 Gi', '0x10', 'NaN', '1e', '--1', '1e999'])('refuses %j', (text) =>
    expect(parseQuantity(text)).toBeUndefined(),
  );
});
