/** A server connection around a socket of the test's own, fed by hand: nothing happens but what the test does. */

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { silentLogger } from '#api/foundation/logger.ts';
import type { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { Deadlines } from '#sidecar/tcp/deadlines.ts';
import { Wire } from '#sidecar/tcp/wire.ts';
import { PoolSet } from '#sidecar/upstream/pool-set.ts';
import { AddedLines, ENTROPY_BYTES } from '../added-lines.ts';
import { AnswerLog } from '../answer-log.ts';
import { Head } from '../head.ts';
import { RequestMeters } from '../meters.ts';
import { ServerConnection } from '../server-connection.ts';
import { MESH_LIMITS } from '../server-limits.ts';
import { type FakeCluster, FakeTelemetry, targetOf } from './fakes.ts';

export function serveBy(socket: Duplex, cluster: FakeCluster, clock: ManualClock): ServerConnection {
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
  const connection = new ServerConnection(wire, targetOf({ cluster }), original, settings, () => {});
  wire.reader = connection;
  return connection;
}
