import { describe, expect, test } from 'vitest';
import { DEFAULT_OUTLIER } from './outlier-policy.ts';
import { failurePercentageOutliers, type RateSample, successRateOutliers } from './rates.ts';

/** Samples of 100 tries each, so many of them failed. */
const of = (...failed: number[]): RateSample[] => failed.map((each) => ({ total: 100, failed: each }));

describe('success rate', () => {
  test.each<[string, RateSample[], Partial<typeof DEFAULT_OUTLIER>, number[]]>([
    ['one far below the others', of(0, 0, 0, 0, 0, 0, 0, 0, 0, 60), {}, [9]],
    ['all alike', of(5, 5, 5, 5, 5), {}, []],
    ['all bad alike', of(90, 90, 90, 90, 90), {}, []],
    ['too few hosts', of(0, 0, 0, 60), {}, []],
    [
      'fewer hosts asked for',
      of(0, 0, 0, 60),
      { successRateMinimumHosts: 3, successRateStdevFactor: 1000 },
      [3],
    ],
    ['one of five is within 1.9 standard deviations of no one', of(0, 0, 0, 0, 60), {}, [4]],
    [
      'those without enough requests are not compared',
      [...of(0, 0, 0, 0, 0), { total: 99, failed: 99 }],
      {},
      [],
    ],
    ['a larger factor is more patient', of(0, 0, 0, 0, 0, 60), { successRateStdevFactor: 3000 }, []],
  ])('%s', (_name, samples, changes, expected) => {
    expect(successRateOutliers(samples, { ...DEFAULT_OUTLIER, ...changes })).toEqual(expected);
  });
});

describe('failure percentage', () => {
  test.each<[string, RateSample[], Partial<typeof DEFAULT_OUTLIER>, number[]]>([
    ['at the threshold', of(0, 84, 85, 0, 100), {}, [2, 4]],
    ['all of them', of(90, 90, 90, 90, 90), {}, [0, 1, 2, 3, 4]],
    ['too few hosts', of(100, 100, 100, 100), {}, []],
    ['too few requests', [...of(0, 0, 0, 0), { total: 49, failed: 49 }], {}, []],
    ['a lower threshold', of(0, 50, 0, 0, 0), { failurePercentageThreshold: 50 }, [1]],
  ])('%s', (_name, samples, changes, expected) => {
    expect(failurePercentageOutliers(samples, { ...DEFAULT_OUTLIER, ...changes })).toEqual(expected);
  });
});
