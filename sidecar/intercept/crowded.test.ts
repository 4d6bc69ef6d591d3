/** More connections than there is room for: those that have come are served, the others are closed, and it is said. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Logger } from '#api/foundation/logger.ts';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { FakeCluster, FakeEndpoint, targetOf } from '#sidecar/http/testing/fakes.ts';
import {
  Client,
  type SidecarUnderTest,
  startRawServer,
  startSidecar,
} from '#sidecar/http/testing/sidecar-under-test.ts';
import { ConnectionCount, connectionsWithin } from './connection-count.ts';
import { parseLimits } from './open-files.ts';
import { RefusalLog } from './refusal-log.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

async function serves(client: Client): Promise<void> {
  client.send(GET);
  expect(await client.response()).toBe(OK);
}

async function full(
  limits: { gate?: ConnectionCount; maxConnections?: number; protocol?: 'http' | 'tcp' | 'detect' },
  play: (sidecar: SidecarUnderTest, gate: ConnectionCount) => Promise<void>,
): Promise<void> {
  await using app = await startRawServer((client) => {
    if (!client.text.endsWith('\r\n\r\n')) return;
    client.text = '';
    client.send(OK);
  });
  const { gate = new ConnectionCount(100), protocol = 'http', maxConnections } = limits;
  const target = targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)), protocol });
  const chain = { ...target, chain: 'test', maxConnections };
  await using sidecar = await startSidecar(chain, 'inbound', undefined, undefined, gate);
  await play(sidecar, gate);
}

describe.each<[string, Parameters<typeof full>[0]]>([
  ['a process', { gate: new ConnectionCount(2) }],
  ['a chain', { maxConnections: 2 }],
  ['a chain of opaque bytes', { maxConnections: 2, protocol: 'tcp' }],
  ['a chain whose protocol is detected', { maxConnections: 2, protocol: 'detect' }],
])('%s that is full', (_, limits) => {
  test('serves those who came, turns away the next one, and has room again when one has gone', () =>
    full(limits, async (sidecar, gate) => {
      const [first, second] = [sidecar.connect(), sidecar.connect()];
      await serves(first);
      await serves(second);
      const refusedBefore = gate.refused;
      const third = sidecar.connect();
      expect(await third.untilEnd()).toBe('');
      expect(gate.refused - refusedBefore).toBe(1);
      await serves(first);
      second.socket.resetAndDestroy();
      await expect.poll(() => sidecar.interception.connections()).toBe(1);
      await serves(sidecar.connect());
    }));
});

test('connections that come and go leave nothing behind', () =>
  full({ maxConnections: 2 }, async (sidecar, gate) => {
    for (let i = 0; i < 20; i++) {
      const client = sidecar.connect();
      await serves(client);
      client.socket.destroy();
      await expect.poll(() => gate.open).toBe(0);
    }
  }));

test('a process without a descriptor left closes what comes, and goes on when there are some', async () => {
  const openFiles = 64;
  const clients = 200;
  const program = join(import.meta.dirname, 'testing/crowded-sidecar.ts');
  const run = ['-c', `ulimit -n ${openFiles}; exec "$0" "$1"`, process.execPath, program];
  const child = spawn('sh', run, { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const dial = (): Client => new Client(connect({ port: Number(line), host: '127.0.0.1' }));
    const crowd = Array.from({ length: clients }, dial);
    await expect.poll(() => crowd.filter(({ ended }) => ended).length).toBeGreaterThan(clients - openFiles);
    expect(crowd.some(({ ended }) => !ended)).toBe(true);
    for (const { socket } of crowd) socket.destroy();
    await expect
      .poll(async () => {
        const client = dial();
        client.send(GET);
        return await client.response().catch(() => 'closed');
      })
      .toBe(OK);
    expect(child.exitCode).toBeNull();
  } finally {
    child.kill('SIGKILL');
  }
});

test.each<[string, number, number]>([
  ['few', 65, 1],
  ['a container', 1024, 896],
  ['a host', 1_048_576, 917_504],
  ['fewer than are kept', 10, 1],
  ['any number', Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
])('connections where a process may have open files: %s', (_, openFiles, connections) => {
  expect(connectionsWithin(openFiles)).toBe(connections);
});

test.each<[string, string, number]>([
  ['a number', 'Max processes  1  1  processes\nMax open files            1024      4096      files\n', 1024],
  ['none', 'Max open files            unlimited unlimited files\n', Number.POSITIVE_INFINITY],
  ['nothing', '', Number.POSITIVE_INFINITY],
])('what the kernel says of open files: %s', (_, text, limit) => {
  expect(parseLimits(text)).toBe(limit);
});

test('a flood is told of once a second, with its number', () => {
  const clock = new ManualClock();
  const lines: unknown[] = [];
  const logger = { warn: (_: string, fields: object) => lines.push(fields) } as unknown as Logger;
  const log = new RefusalLog(logger, clock);
  for (let i = 0; i < 1000; i++) log.write('full');
  log.write('other');
  clock.advance(999);
  log.write('full');
  clock.advance(1);
  log.write('full');
  expect(lines).toEqual([
    { reason: 'full', also: 0 },
    { reason: 'other', also: 0 },
    { reason: 'full', also: 1000 },
  ]);
});
