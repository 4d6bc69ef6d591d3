import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { GcPauses } from './gc-pauses.ts';
import { LoopDelay, PROCESS_METRICS, pictureProcess } from './process-metrics.ts';
import { readMetrics } from './text-format.ts';

let delay: LoopDelay;
let pauses: GcPauses;
beforeEach(() => {
  delay = new LoopDelay();
  pauses = new GcPauses();
});
afterEach(() => {
  delay.close();
  pauses.close();
});

test('the process tells its time, its memory and its descriptors', () => {
  const text = [...readMetrics(PROCESS_METRICS, pictureProcess(delay, pauses))].join('');
  expect(text).toMatch(/^weft_sidecar_process_resident_memory_bytes \d{7,}$/m);
  expect(text).toMatch(/^weft_sidecar_process_cpu_seconds_total \d+\.\d+$/m);
  expect(text).toMatch(/^weft_sidecar_process_open_fds [1-9]\d*$/m);
  expect(text).toContain('# TYPE weft_sidecar_process_cpu_seconds_total counter\n');
});

test('a delay of the event loop is told when its window is over, and the same to all who ask within the next', async () => {
  expect(delay.read(0)).toEqual({ meanMs: 0, p99Ms: 0, maxMs: 0 });
  await sleep(60);
  const until = performance.now() + 120;
  while (performance.now() < until);
  await sleep(60);
  expect(delay.read(9_999)).toEqual({ meanMs: 0, p99Ms: 0, maxMs: 0 });
  const told = delay.read(10_000);
  expect(told.maxMs).toBeGreaterThan(10);
  expect(told.maxMs).toBeGreaterThanOrEqual(told.meanMs);
  expect(delay.read(10_001)).toBe(told);
});

test('pauses for garbage collection are counted from the first read on', async () => {
  expect(pauses.read().size).toBe(0);
  let kept: object[] = [];
  while (pauses.read().size === 0) {
    for (let i = 0; i < 100_000; i += 1) kept.push({ i });
    kept = [];
    await sleep(0);
  }
  const [[kind, { count, seconds }] = ['', { count: 0, seconds: 0 }]] = pauses.read();
  expect(kind).toMatch(/^(minor|major|incremental|weakcb)$/);
  expect(count).toBeGreaterThan(0);
  expect(seconds).toBeGreaterThan(0);
});
