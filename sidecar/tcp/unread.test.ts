import { expect, test } from 'vitest';
import { Unread } from './unread.ts';

const KIB_64 = 64 * 1024;

/** 64 KiB that were kept and handed over. */
function takenFrom(unread: Unread): Buffer {
  unread.append(Buffer.alloc(KIB_64, 'x'), 0, KIB_64);
  return unread.take();
}

test('what is left of much stays where it is', () => {
  const unread = new Unread();
  const taken = takenFrom(unread);
  unread.putBack(taken, 40);
  expect(unread.length).toBe(KIB_64 - 40);
  expect(unread.bytes.buffer).toBe(taken.buffer);
  expect(unread.bytes.byteOffset).toBe(taken.byteOffset + 40);
});

test('little that is left holds no large buffer', () => {
  const unread = new Unread();
  const taken = takenFrom(unread);
  unread.putBack(taken, KIB_64 - 10);
  expect(unread.length).toBe(10);
  expect(unread.bytes.buffer).not.toBe(taken.buffer);
  expect(unread.take().toString()).toBe('x'.repeat(10));
});

test('what comes later stands behind what was put back', () => {
  const unread = new Unread();
  unread.putBack(takenFrom(unread), 1);
  unread.append(Buffer.from('later'), 0, 5);
  expect(unread.take().toString()).toBe(`${'x'.repeat(KIB_64 - 1)}later`);
});
