/** What becomes of the last bytes of a response whose connection closes behind it, when its reader is slow. */
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { FLUSH_MS, LINGER_MS } from './limits.ts';
import { FakeCluster } from './testing/fakes.ts';
import { serveBy } from './testing/lone-connection.ts';

/** A socket that holds what is written to it until `accept` is called. */
class SlowSocket extends Duplex {
  taken = 0;
  accept: () => void = () => {};

  constructor() {
    super({ writableHighWaterMark: 1 });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.accept = () => {
      this.taken += chunk.length;
      done();
    };
  }
}

function refusedRequest(): { clock: ManualClock; socket: SlowSocket } {
  const clock = new ManualClock();
  const socket = new SlowSocket();
  const connection = serveBy(socket, new FakeCluster(), clock);
  const request = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  connection.onBytes(request, request.length);
  return { clock, socket };
}

test('a slow reader gets them all', async () => {
  const { clock, socket } = refusedRequest();
  clock.advance(FLUSH_MS / 2);
  expect(socket.destroyed).toBe(false);
  socket.accept();
  await once(socket, 'finish');
  expect(socket.taken).toBeGreaterThan(100);
  clock.advance(LINGER_MS);
  expect(socket.destroyed).toBe(true);
});

test('a reader that never reads is given up', () => {
  const { clock, socket } = refusedRequest();
  clock.advance(FLUSH_MS + LINGER_MS);
  expect(socket.destroyed).toBe(true);
});
