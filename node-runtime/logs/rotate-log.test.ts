import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { removeLog, stampOf } from './log-files.ts';
import { rotateLog } from './rotate-log.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-rotation-'));
  path = join(directory, '0.log');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const START = Date.parse('2030-01-02T03:04:05.678Z');
/** At a number of milliseconds after the start. */
const at = (ms: number) => new ManualClock(0, START + ms);
const LIMITS = { maxBytes: 10, maxFiles: 4 };

/** A writer that begins anew when it is asked to. */
const reopen = async (): Promise<boolean> => {
  writeFileSync(path, '');
  return true;
};

const files = () => readdirSync(directory).sort();

test('a log within its size is left', async () => {
  writeFileSync(path, '0123456789');
  expect(await rotateLog(path, LIMITS, { clock: at(0), reopen })).toBe(false);
  expect(files()).toEqual(['0.log']);
});

test('one that is not there is no reason to fail', async () => {
  expect(await rotateLog(path, LIMITS, { clock: at(0), reopen })).toBe(false);
});

test('a longer one is set aside, and the oldest go', async () => {
  for (let i = 0; i < 6; i += 1) {
    appendFileSync(path, `the log, part ${i}\n`);
    expect(await rotateLog(path, LIMITS, { clock: at(i * 1000), reopen })).toBe(true);
  }
  expect(files()).toEqual([
    '0.log',
    '0.log.20300102-030408.gz',
    '0.log.20300102-030409.gz',
    '0.log.20300102-030410',
  ]);
  const old = gunzipSync(readFileSync(join(directory, '0.log.20300102-030408.gz')));
  expect(old.toString()).toBe('the log, part 3\n');
  expect(readFileSync(join(directory, '0.log.20300102-030410'), 'utf8')).toBe('the log, part 5\n');
});

test('two rotations of one second keep their order', async () => {
  for (const part of ['first', 'second']) {
    appendFileSync(path, `${part} part of it`);
    await rotateLog(path, LIMITS, { clock: at(0), reopen });
  }
  expect(files()).toEqual(['0.log', '0.log.20300102-030405.001', '0.log.20300102-030405.gz']);
});

test('a log that nobody writes any more gets its name back', async () => {
  writeFileSync(path, 'the last words');
  expect(await rotateLog(path, LIMITS, { clock: at(0), reopen: async () => false })).toBe(false);
  expect(files()).toEqual(['0.log']);
});

test('so does one whose writer was asked, and ended before it could', async () => {
  writeFileSync(path, 'the last words');
  const clock = at(0);
  const rotated = rotateLog(path, LIMITS, { clock, reopen: async () => true });
  let isOver = false;
  void rotated.then(() => {
    isOver = true;
  });
  while (!isOver) {
    clock.advance(10);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await rotated).toBe(false);
  expect(files()).toEqual(['0.log']);
});

test('a log is removed with what it was rotated to, and nothing else is', async () => {
  for (const name of ['0.log', '0.log.20300102-030405', '0.log.20300102-030405.gz', '0.log.mine', '10.log'])
    writeFileSync(join(directory, name), '');
  await removeLog(path);
  expect(files()).toEqual(['0.log.mine', '10.log']);
});

test('stamps are those of the kubelet', () => {
  expect(stampOf(START)).toBe('20300102-030405');
});
