import { expect, test } from 'vitest';
import { seededRandom } from '#api/foundation/random.ts';
import { grows, type Point, sparkline, trendOf } from './trend.ts';

const random = seededRandom(1);
const noise = (): number => random() - 0.5;

/** A sample every two seconds for five minutes. */
function points(valueAt: (hours: number) => number): Point[] {
  return Array.from({ length: 150 }, (_, i) => ({ seconds: 2 * i, value: valueAt((2 * i) / 3600) }));
}

/** Wanders as memory does: up for a while, down for a while. */
function wandering(): () => number {
  let level = 0;
  return () => {
    level = 0.9 * level + noise();
    return level;
  };
}

test.each([
  ['a line that stands still', points(() => 20), false],
  ['noise', points(() => 20 + noise()), false],
  ['noise that hangs together', points(wandering()), false],
  ['a slow rise below the limit', points((hours) => 20 + 5 * hours + 0.1 * noise()), false],
  ['a rise above the limit', points((hours) => 20 + 60 * hours + noise()), true],
  ['a fall', points((hours) => 20 - 60 * hours + noise()), false],
  ['too few points to know', points((hours) => 1000 * hours).slice(0, 3), false],
])('%s', (_name, line, expected) => {
  expect(grows(trendOf(line), 10)).toBe(expected);
});

test('tells the slope with its confidence', () => {
  const { perHour, margin } = trendOf(points((hours) => 60 * hours + noise()));
  expect(Math.abs(perHour - 60)).toBeLessThan(margin);
});

test('draws from the least to the greatest', () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)).toBe('▁▂▃▄▅▆▇█');
  expect(sparkline([5, 5, 5, 5], 2)).toBe('▁▁');
});
