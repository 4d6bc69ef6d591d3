import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { silentLogger } from '#api/foundation/logger.ts';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { Deadlines } from '#sidecar/tcp/deadlines.ts';
import { adopt, SERVER_OPTIONS } from '#sidecar/tcp/sockets.ts';
import { PoolSet } from '#sidecar/upstream/pool-set.ts';
import { AddedLines, ENTROPY_BYTES } from './added-lines.ts';
import { AnswerLog } from './answer-log.ts';
import { Head } from './head.ts';
import type { HttpSettings } from './http-settings.ts';
import { LocalRateLimit } from './local-rate-limit.ts';
import { RequestMeters } from './meters.ts';
import { ServerConnection } from './server-connection.ts';
import { MESH_LIMITS } from './server-limits.ts';
import { FakeCluster, FakeTelemetry, tableOf, targetOf } from './testing/fakes.ts';
import { Client, ORIGINAL } from './testing/sidecar-under-test.ts';

test('a request that is one too many is answered before it is routed', async () => {
  const clock = new ManualClock();
  const telemetry = new FakeTelemetry();
  const bucket = { maxTokens: 2, tokensPerFill: 1, fillIntervalMs: 1_000 };
  const entropy = (): Buffer => Buffer.alloc(ENTROPY_BYTES);
  const settings: HttpSettings = {
    clock,
    random: () => 0,
    deadlines: new Deadlines(clock),
    pools: new PoolSet(clock),
    remembers: undefined,
    inherits: undefined,
    added: new AddedLines({ peerMetadata: '', traceparent: false, entropy }),
    meters: new RequestMeters(telemetry, 'source'),
    draining: () => false,
    hop: 'inbound sidecar of app-1.ns',
    scheme: 'http',
    answers: new AnswerLog(silentLogger, clock, ''),
    limits: MESH_LIMITS,
    head: new Head(),
    mirrors: { started: 0, answered: 0, dropped: 0 },
    rateLimit: new LocalRateLimit({ name: 'front', bucket, status: 429, share: 1_000_000 }, 0),
  };
  let routed = 0;
  const table = tableOf(() => {
    routed += 1;
    return { kind: 'direct', route: 'r', status: 200, body: Buffer.from('hi') };
  });
  const routes = () => ({ state: 'found' as const, value: table });
  const target = targetOf({ cluster: new FakeCluster(), routes });
  await using server = createServer(SERVER_OPTIONS, (socket) => {
    const wire = adopt(socket, 'data');
    wire.reader = new ServerConnection(wire, target, ORIGINAL, settings, () => {});
    wire.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new Client(connect((server.address() as { port: number }).port, '127.0.0.1'));
  const ask = async (): Promise<string> => {
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab');
    return (await client.response()).slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length);
  };
  expect([await ask(), await ask(), await ask(), routed]).toEqual(['200', '200', '429', 2]);
  clock.advance(1_000);
  expect([await ask(), await ask(), routed]).toEqual(['200', '429', 3]);
  expect(telemetry.requestsSeen.filter(({ flag }) => flag === 'RL')).toHaveLength(2);
  client.socket.destroy();
});
