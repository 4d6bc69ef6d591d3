import { expect, test } from 'vitest';
import { lines, parseWatchEvent } from './watch-stream.ts';

async function collect(chunks: string[], maxBytes?: number): Promise<string[]> {
  const source = (async function* () {
    for (const chunk of chunks) yield Buffer.from(chunk, 'latin1');
  })();
  const found: string[] = [];
  for await (const line of lines(source, maxBytes)) found.push(line);
  return found;
}

const utf8 = Buffer.from('{"a":"ü"}\n').toString('latin1');

test.each([
  { name: 'several lines in one chunk', chunks: ['a\nb\nc\n'], found: ['a', 'b', 'c'] },
  { name: 'one line over several chunks', chunks: ['a', 'b', 'c\nd', '\n'], found: ['abc', 'd'] },
  { name: 'a character cut in two', chunks: [utf8.slice(0, 7), utf8.slice(7)], found: ['{"a":"ü"}'] },
  { name: 'empty lines between', chunks: ['\n\na\r\n\n'], found: ['a\r'] },
  { name: 'an unfinished last line', chunks: ['a\nhalf'], found: ['a'] },
])('splits $name', async ({ chunks, found }) => {
  expect(await collect(chunks)).toEqual(found);
});

test.each([
  { name: 'in one chunk', chunks: ['123456\n'] },
  { name: 'in many', chunks: ['123', '456'] },
])('refuses a line beyond the limit $name', async ({ chunks }) => {
  await expect(collect(chunks, 5)).rejects.toMatchObject({ code: 'WatchBroken' });
});

test.each([
  { line: 'nonsense' },
  { line: '{"type":"ADDED"}' },
  { line: 'null' },
  { line: '{"type":"OTHER","object":{}}' },
  { line: '{"type":"BOOKMARK","object":{}}' },
])('refuses $line', ({ line }) => {
  expect(() => parseWatchEvent(line)).toThrow('no watch event');
});

test('an ERROR event is thrown as what the server refused', () => {
  const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
  expect(() => parseWatchEvent(JSON.stringify({ type: 'ERROR', object }))).toThrow(
    expect.objectContaining({ reason: 'Expired', code: 410 }),
  );
});
