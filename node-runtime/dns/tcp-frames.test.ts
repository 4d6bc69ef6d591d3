import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { framesOf } from './tcp-frames.ts';

const FRAME = Buffer.from([0, 3, ...Buffer.from('abc')]);

test('reads messages in whatever pieces they come', async () => {
  const stream = new PassThrough();
  for (const byte of Buffer.concat([FRAME, FRAME])) stream.write(Buffer.of(byte));
  stream.end(Buffer.of(0));
  expect((await Array.fromAsync(framesOf(stream))).map(String)).toEqual(['abc', 'abc']);
});

test('reads no further ahead than messages are taken', async () => {
  const stream = new PassThrough();
  const chunk = Buffer.concat(Array.from({ length: 1_000 }, () => FRAME));
  for (let i = 0; i < 100; i += 1) stream.write(chunk);
  await framesOf(stream).next();
  expect(stream.readableLength + stream.writableLength).toBeGreaterThanOrEqual(99 * chunk.length);
});
