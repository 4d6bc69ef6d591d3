import { expect, it } from 'vitest';
import { summarise } from './summary.ts';

/** Ten requests a second for four seconds; the third second is slow for every other one. */
const samples = Array.from({ length: 40 }, (_, i) => {
  const slow = i >= 20 && i < 30 && i % 2 === 0;
  return { atMs: i * 100, tookMs: slow ? 500 : 5, ok: i !== 39 };
});

it('tells the slow span from the rest, second by second', () => {
  expect(summarise(samples, 4, { fromS: 2, toS: 3 })).toEqual({
    requests: 40,
    failed: 1,
    under100ms: 0.85,
    under100msWhileSlow: 0.5,
    p50Ms: 5,
    p99Ms: 500,
    p999Ms: 500,
    p99EachSecondMs: [5, 5, 500, 5],
  });
});
