/** What becomes of the last bytes of a response whose connection closes behind it, when its reader is slow. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { silentLogger } from '#api/foundation/logger.ts';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { Deadlines } from '#sidecar/tcp/deadlines.ts';
import { Wire } from '#sidecar/tcp/wire.ts';
import { PoolSet } from '#sidecar/upstream/pool-set.ts';
import { AddedLines, ENTROPY_BYTES } from './added-lines.ts';
import { AnswerLog } from './answer-log.ts';
import { Head } from './head.ts';
import { FLUSH_MS, LINGER_MS } from './limits.ts';
import { RequestMeters } from './meters.ts';
import { ServerConnection } from './server-connection.ts';
import { MESH_LIMITS } from './server-limits.ts';
import { FakeCluster, FakeTelemetry, targetOf } from './testing/fakes.ts';

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
  const wire = new Wire(socket as unknown as Socket, {} as never);
  const settings = {
    clock,
    deadlines: new Deadlines(clock),
    pools: new PoolSet<never>(clock),
    added: new AddedLines({
      peerMetadata: '',
      traceparent: false,
      entropy: () => Buffer.alloc(ENTROPY_BYTES),
    }),
    random: seededRandom(1),
    remembers: undefined,
    inherits: undefined,
    meters: new RequestMeters(new FakeTelemetry(), 'source'),
    draining: () => false,
    hop: 'outbound sidecar of a',
    scheme: 'http' as const,
    answers: new AnswerLog(silentLogger, clock, ''),
    limits: MESH_LIMITS,
    head: new Head(),
    mirrors: { started: 0, answered: 0, dropped: 0 },
  };
  const original = { address: '10.0.0.1', port: 80 };
  const target = targetOf({ cluster: new FakeCluster() });
  const connection = new ServerConnection(wire, target, original, settings, () => {});
  wire.reader = connection;
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
