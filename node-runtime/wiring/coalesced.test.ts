import { expect, test } from 'vitest';
import { silentLogger } from '#api/foundation/logger.ts';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { coalesced } from './coalesced.ts';

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

test('calls during a run and the rest after it are one more run', async () => {
  const clock = new ManualClock();
  let runs = 0;
  const call = coalesced(
    'work',
    async () => {
      runs += 1;
      clock.advance(100);
    },
    { clock, logger: silentLogger },
  );
  call();
  await turns();
  expect(runs).toBe(1);
  call();
  call();
  clock.advance(199);
  await turns();
  expect(runs).toBe(1);
  clock.advance(1);
  await turns();
  expect(runs).toBe(2);
});

test('a failed run is tried again', async () => {
  const clock = new ManualClock();
  let runs = 0;
  const call = coalesced(
    'work',
    async () => {
      runs += 1;
      if (runs === 1) throw new Error('no');
    },
    { clock, logger: silentLogger },
  );
  call();
  await turns();
  clock.advance(1_000);
  await turns();
  expect(runs).toBe(2);
});
