import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { createTrim, keepTrimmed, TRIM_EVERY_MS, TRIM_SHARE } from './memory-trim.ts';

test('trims again and again', () => {
  const clock = new ManualClock();
  let trims = 0;
  keepTrimmed(() => {
    trims += 1;
  }, clock);
  clock.advance(TRIM_EVERY_MS - 1);
  expect(trims).toBe(0);
  clock.advance(1);
  expect(trims).toBe(1);
  clock.advance(2 * TRIM_EVERY_MS);
  expect(trims).toBe(3);
});

test('waits the longer, the longer it took', () => {
  const clock = new ManualClock();
  const TOOK_MS = 4;
  let trims = 0;
  keepTrimmed(() => {
    trims += 1;
    clock.advance(TOOK_MS);
  }, clock);
  clock.advance(TRIM_EVERY_MS + TOOK_MS);
  clock.advance(TOOK_MS * TRIM_SHARE - 1);
  expect(trims).toBe(1);
  clock.advance(1);
  expect(trims).toBe(2);
});

test('gives memory back that was freed between pieces that are still in use', async () => {
  const ffi = await import('node:ffi');
  const { functions } = ffi.dlopen('libc.so.6', {
    calloc: { arguments: ['u64', 'u64'], return: 'pointer' },
    memset: { arguments: ['pointer', 'i32', 'u64'], return: 'pointer' },
    free: { arguments: ['pointer'], return: 'void' },
  });
  const { calloc, memset, free } = functions;
  const pieces = Array.from({ length: 512 }, () => calloc!(64n, 1024n) as bigint);
  for (const piece of pieces) memset!(piece, 1, 64n * 1024n);
  for (let i = 0; i < pieces.length; i += 2) free!(pieces[i]!);
  const trim = await createTrim();
  const before = residentKib();
  trim!();
  expect(before - residentKib()).toBeGreaterThan(10 * 1024);
  for (let i = 1; i < pieces.length; i += 2) free!(pieces[i]!);
});

function residentKib(): number {
  return Number(/^Rss:\s+(\d+)/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))?.[1]);
}
