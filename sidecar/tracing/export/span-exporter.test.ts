import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { silentLogger } from '#api/foundation/logger.ts';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { spanOf } from '../testing/exporting.ts';
import type { Verdict } from './collector.ts';
import { FLUSH_EVERY_MS, MAX_QUEUED, SpanExporter } from './span-exporter.ts';

const VERDICTS: readonly Verdict[] = [
  { kind: 'accepted', rejected: 0 },
  { kind: 'accepted', rejected: 3 },
  { kind: 'later', why: 'busy' },
  { kind: 'refused', why: 'no' },
];

test('what was recorded is exported, dropped or queued, whenever one looks', async () => {
  const clock = new ManualClock();
  const random = seededRandom(3);
  const send = async (): Promise<Verdict> => VERDICTS[Math.floor(random() * VERDICTS.length)]!;
  const open = async () => ({ encode: async () => [], collector: { send, close: () => {} } });
  const exporter = new SpanExporter({ clock, random, logger: silentLogger, open });
  let recorded = 0;
  const told = (): number =>
    [...exporter.drops.values()].reduce((sum, count) => sum + count, exporter.exported + exporter.queued);
  const add = (count: number): void => {
    recorded += count;
    for (let i = 0; i < count; i++) exporter.add(spanOf(i));
  };
  for (let turn = 0; turn < 5_000; turn++) {
    if (random() < 0.1) add(Math.floor(random() * 800));
    clock.advance(random() * 100);
    await Promise.resolve();
    expect(told()).toBe(recorded);
  }
  add(MAX_QUEUED);
  const closing = exporter.close();
  for (let turn = 0; turn < 50; turn++) {
    clock.advance(100);
    await Promise.resolve();
    expect(told()).toBe(recorded);
  }
  await closing;
  expect([told(), exporter.queued]).toEqual([recorded, 0]);
  expect([...exporter.drops.keys()].sort()).toEqual(['queue_full', 'refused', 'rejected', 'unavailable']);
});

test('what sends spans is asked for again when it could not be had', async () => {
  const clock = new ManualClock();
  let asked = 0;
  const collector = { send: async () => VERDICTS[0]!, close: () => {} };
  const open = async () => {
    asked += 1;
    if (asked === 1) throw new Error('no such file');
    return { encode: async () => [], collector };
  };
  const exporter = new SpanExporter({ clock, random: seededRandom(3), logger: silentLogger, open });
  for (const expected of [0, 1, 2]) {
    exporter.add(spanOf());
    clock.advance(FLUSH_EVERY_MS);
    await setImmediate();
    expect(exporter.exported).toBe(expected);
  }
  expect([asked, exporter.drops.get('refused')]).toEqual([2, 1]);
});
