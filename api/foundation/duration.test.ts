import { describe, expect, it } from 'vitest';
import { formatAge, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['1.5s', 1500],
    ['2h45m', 9_900_000],
    ['250ms', 250],
    ['1m0.5s', 60_500],
  ])('reads %s', (text, ms) => expect(parseDuration(text)).toBeCloseTo(ms));

  it.each(['', '5', 's', '-1s', '1d', '1 s', '1.s'])('refuses %j', (text) =>
    expect(parseDuration(text)).toBeUndefined(),
  );
});

describe('formatAge', () => {
  it.each([
    [0, '0s'],
    [119_000, '119s'],
    [125_000, '2m5s'],
    [11 * 60_000, '11m'],
    [5 * 3_600_000, '5h'],
    [72 * 3_600_000, '3d'],
  ])('%d ms is %s', (ms, text) => expect(formatAge(ms)).toBe(text));
});
