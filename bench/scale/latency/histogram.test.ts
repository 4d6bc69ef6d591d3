import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram } from './histogram.ts';

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe('a histogram of durations', () => {
  it('says nothing of nothing', () => {
    expect(new Histogram().percentile(0.5)).toBeNaN();
    expect(new Histogram().total).toBe(0);
  });

  it.each([
    ['the least of all', 0, 1],
    ['the median of an even number: the lower of the two', 0.5, 50],
    ['one of a hundred above', 0.99, 99],
    ['more nines than values', 0.9999, 100],
    ['the most of all', 1, 100],
  ])('takes the nearest rank: %s', (_what, share, expected) => {
    const histogram = histogramOf(Array.from({ length: 100 }, (_, i) => 100 - i));
    expect(Math.abs(histogram.percentile(share) / expected - 1)).toBeLessThan(1 / 256);
  });

  it.each([
    ['a negative one counts as none', -3, 0],
    ['one of a day counts as the longest', 86_400_000, 214_748],
  ])('keeps what is out of range: %s', (_what, value, expected) => {
    const kept = histogramOf([value]).percentile(0.5);
    expect(Math.abs(kept - expected)).toBeLessThanOrEqual(expected / 256);
  });

  it('is within 1/256 of the value, or half a unit', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 200_000, noNaN: true }), (ms) => {
        const error = Math.abs(histogramOf([ms]).percentile(1) - ms);
        expect(error).toBeLessThanOrEqual(Math.max(0.000051, ms / 256));
      }),
    );
  });

  it('never says less of a larger share', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { minLength: 1 }), (values) => {
        const histogram = histogramOf(values);
        const said = [0.1, 0.5, 0.9, 0.99, 1].map((share) => histogram.percentile(share));
        expect(said).toEqual(said.toSorted((a, b) => a - b));
        expect(histogram.total).toBe(values.length);
      }),
    );
  });
});
