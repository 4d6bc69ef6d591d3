import { expect, test } from 'vitest';
import { FrameReader, frame, UnreadableMessage } from './grpc-frames.ts';

const MESSAGES = ['', 'a', 'long '.repeat(100)].map((text) => Buffer.from(text));
const WIRE = Buffer.concat(MESSAGES.map(frame));

test('reads the same messages wherever the bytes are split', () => {
  for (let at = 0; at <= WIRE.length; at += 1) {
    const reader = new FrameReader(1000);
    const pieces = [WIRE.subarray(0, at), WIRE.subarray(at)].filter((piece) => piece.length > 0);
    expect(pieces.flatMap((piece) => [...reader.take(piece)].map(String))).toEqual(MESSAGES.map(String));
  }
});

test('reads messages that come byte by byte', () => {
  const reader = new FrameReader(1000);
  const messages = [...WIRE].flatMap((byte) => [...reader.take(Buffer.of(byte))].map(String));
  expect(messages).toEqual(MESSAGES.map(String));
});

test.each([
  ['compressed', Buffer.of(1, 0, 0, 0, 1, 0), /^INTERNAL: .*compressed/],
  ['longer than allowed', Buffer.of(0, 0, 0, 3, 233), /^RESOURCE_EXHAUSTED: .* 1001 bytes, at most 1000/],
  ['of four gigabytes', Buffer.of(0, 255, 255, 255, 255), /^RESOURCE_EXHAUSTED/],
])('refuses a message that is %s', (_, bytes, reason) => {
  const reader = new FrameReader(1000);
  const take = () => [...reader.take(bytes)];
  expect(take).toThrow(UnreadableMessage);
  expect(take).toThrow(reason);
});
