import { expect, test } from 'vitest';
import type { Wire } from '#sidecar/tcp/wire.ts';
import { REPLAY_BYTES, ReplayBuffer } from './replay-buffer.ts';

function sentBy(buffer: ReplayBuffer): string {
  let text = '';
  buffer.sendTo({
    sendOwned: (bytes: Uint8Array) => (text += Buffer.from(bytes).toString()),
  } as unknown as Wire);
  return text;
}

test('keeps copies, in order, to be sent again and again', () => {
  const buffer = new ReplayBuffer(100);
  const read = Buffer.from('-abc-');
  buffer.add(read, 1, 3);
  buffer.add(read, 3, 4);
  read.fill(0);
  expect([buffer.whole, sentBy(buffer), sentBy(buffer)]).toEqual([true, 'abc', 'abc']);
});

test.each([
  [0, REPLAY_BYTES, true],
  [0, REPLAY_BYTES + 1, false],
  [1000, REPLAY_BYTES - 1000, true],
  [1000, REPLAY_BYTES - 999, false],
  [REPLAY_BYTES + 1, 1, false],
])('with %i bytes kept elsewhere, %i more leave it whole: %s', (kept, more, whole) => {
  const buffer = new ReplayBuffer(kept);
  buffer.add(Buffer.alloc(more), 0, more);
  expect(buffer.whole).toBe(whole);
  buffer.add(Buffer.from('x'), 0, 1);
  if (!whole) expect(sentBy(buffer)).toBe('');
});
