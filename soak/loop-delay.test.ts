import { expect, test } from 'vitest';
import { LOOK_MS, LoopDelay, summarize } from './loop-delay.ts';

interface Look {
  /** How late it comes, and how much of the time since the last one was spent in waiting for a core. */
  readonly late: number;
  readonly waited: number;
}

function watched(looks: readonly Look[]): LoopDelay {
  const loop = new LoopDelay();
  let now = 1000;
  let waitedSoFar = 70;
  loop.look(now, waitedSoFar);
  for (const { late, waited } of looks) {
    now += LOOK_MS + late;
    waitedSoFar += waited;
    loop.look(now, waitedSoFar);
  }
  return loop;
}

const times = (count: number, look: Look): Look[] => Array.from({ length: count }, () => look);

test.each([
  { why: 'a prompt loop', looks: times(100, { late: 0, waited: 0 }), all: 0, own: 0 },
  { why: 'a busy machine', looks: times(100, { late: 38, waited: 38 }), all: 38, own: 0 },
  { why: 'waiting beside its own work', looks: times(100, { late: 38, waited: 30 }), all: 38, own: 8 },
  { why: 'waiting that its idle time hides', looks: times(100, { late: 2, waited: 4 }), all: 2, own: 0 },
  { why: 'stalls', looks: times(100, { late: 60, waited: 0 }), all: 60, own: 60 },
  { why: 'stalls on a busy machine', looks: times(100, { late: 90, waited: 30 }), all: 90, own: 60 },
])('p99 with and without waiting for a core: $why', ({ looks, all, own }) => {
  const delays = watched(looks).take();
  expect([summarize([delays.all]).p99Ms, summarize([delays.own]).p99Ms]).toEqual([all, own]);
});

test('one look in fifty that is late is in the p99, and one in two hundred is not', () => {
  const p99 = (prompt: number): number => {
    const looks = [...times(prompt, { late: 0, waited: 0 }), { late: 60, waited: 0 }];
    return summarize([watched(looks).take().own]).p99Ms;
  };
  expect(p99(49)).toBe(60);
  expect(p99(199)).toBeLessThan(1);
});

test('the pause of the measuring itself is left out', () => {
  const loop = watched(times(10, { late: 0, waited: 0 }));
  expect(loop.take().all.count).toBe(10);
  loop.look(900_000, 70);
  loop.look(900_000 + LOOK_MS + 1, 70);
  expect(loop.take().all).toMatchObject({ count: 1, maxMs: 1 });
});
