import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseEntry } from './log-entry.ts';
import { type LogOptions, logOptions } from './log-options.ts';
import { readLog } from './read-log.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-logs-'));
  path = join(directory, '0.log');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const NOW = Date.parse('2030-01-01T00:01:00Z');
const line = (second: number, text: string, tag = 'F') =>
  `2030-01-01T00:00:${String(second).padStart(2, '0')}.123456789Z stdout ${tag} ${text}\n`;

async function read(
  query = '',
  running = () => false,
  signal = new AbortController().signal,
): Promise<string> {
  const options = logOptions(new URLSearchParams(query), NOW);
  return text(readLog({ path, isRunning: running, signal }, options));
}

async function text(pieces: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all).toString('utf8');
}

test.each([
  ['', 'a\nb\nlong line\nd\n'],
  ['tailLines=1', 'd\n'],
  ['tailLines=0', ''],
  ['tailLines=100', 'a\nb\nlong line\nd\n'],
  ['limitBytes=3', 'a\nb'],
  ['sinceSeconds=31', 'd\n'],
  ['sinceTime=2030-01-01T00:00:20Z', 'd\n'],
  ['tailLines=1&timestamps=true', '2030-01-01T00:00:30.123456789Z d\n'],
])('reads a log with %s', async (query, expected) => {
  writeFileSync(path, line(1, 'a') + line(2, 'b') + line(3, 'long ', 'P') + line(3, 'line') + line(30, 'd'));
  expect(await read(query)).toBe(expected);
});

test('finds the last lines of a log that is larger than one read', async () => {
  const many = Array.from({ length: 20_000 }, (_, i) => line(i % 60, `line ${i}`)).join('');
  writeFileSync(path, many);
  expect(await read('tailLines=2')).toBe('line 19998\nline 19999\n');
  expect((await read()).split('\n')).toHaveLength(20_001);
});

test('a line that the monitor did not finish is left out', async () => {
  writeFileSync(path, `${line(1, 'a')}rubbish\n2030-01-01T00`);
  expect(await read()).toBe('a\n');
});

test('keeps bytes as they are', async () => {
  writeFileSync(path, line(1, 'größer  \t ☃'));
  expect(await read()).toBe('größer  \t ☃\n');
});

test('follows a log until the container has ended', async () => {
  writeFileSync(path, line(1, 'a'));
  let running = true;
  const seen = read('follow=true', () => running);
  appendFileSync(path, line(2, 'b'));
  running = false;
  appendFileSync(path, line(3, 'c'));
  expect(await seen).toBe('a\nb\nc\n');
});

test('follows a log into the file that replaces it', async () => {
  writeFileSync(path, line(1, 'a'));
  const options: LogOptions = logOptions(new URLSearchParams('follow=true'), NOW);
  let running = true;
  const pieces = readLog({ path, isRunning: () => running, signal: new AbortController().signal }, options);
  expect((await pieces.next()).value?.toString()).toBe('a\n');
  writeFileSync(`${path}.next`, line(2, 'b'));
  renameSync(`${path}.next`, path);
  expect((await pieces.next()).value?.toString()).toBe('b\n');
  running = false;
  appendFileSync(path, line(3, 'c'));
  expect((await pieces.next()).value?.toString()).toBe('c\n');
  expect((await pieces.next()).done).toBe(true);
});

test('reads to its end what was written to the old file before the new one stood there', async () => {
  writeFileSync(path, line(1, 'a'));
  let running = true;
  const options: LogOptions = logOptions(new URLSearchParams('follow=true'), NOW);
  const pieces = readLog({ path, isRunning: () => running, signal: new AbortController().signal }, options);
  expect((await pieces.next()).value?.toString()).toBe('a\n');
  renameSync(path, `${path}.old`);
  appendFileSync(`${path}.old`, line(2, 'b'));
  writeFileSync(path, line(3, 'c'));
  running = false;
  const rest: string[] = [];
  for await (const piece of pieces) rest.push(piece.toString());
  expect(rest).toEqual(['b\n', 'c\n']);
});

test('a reader that leaves ends the reading', async () => {
  writeFileSync(path, line(1, 'a'));
  const gone = new AbortController();
  const seen = read('follow=true', () => true, gone.signal);
  gone.abort();
  expect(await seen).toMatch(/^(a\n)?$/);
});

test.each([
  ['tailLines=-1', 'tailLines'],
  ['tailLines=x', 'tailLines'],
  ['limitBytes=0', 'limitBytes'],
  ['follow=perhaps', 'follow'],
  ['sinceTime=yesterday', 'sinceTime'],
  ['insecureSkipTLSVerifyBackend=true', 'insecureSkipTLSVerifyBackend'],
])('refuses %s by name', (query, name) => {
  expect(() => logOptions(new URLSearchParams(query), NOW)).toThrowError(name);
});

test.each([
  ['2030-01-01T00:00:01Z stdout F a', 'a\n'],
  ['2030-01-01T00:00:01+01:00 stderr P a b', 'a b'],
  ['2030-01-01T00:00:01Z stdout F:tag a', 'a\n'],
  ['2030-01-01T00:00:01Z stdout F ', '\n'],
  ['2030-01-01T00:00:01Z stdout X a', undefined],
  ['never stdout F a', undefined],
  ['', undefined],
])('%j says %j', (raw, expected) => {
  expect(parseEntry(Buffer.from(raw))?.text.toString()).toBe(expected);
});
