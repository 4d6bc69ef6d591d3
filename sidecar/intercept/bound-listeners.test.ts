import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { systemClock } from '#api/foundation/clock.ts';
import { silentLogger } from '#api/foundation/logger.ts';
import type { BoundListener, ListenerTarget, Snapshot } from '#sidecar/discovery/snapshot.ts';
import { FakeCluster, FakeEndpoint, snapshotOf, targetOf } from '#sidecar/http/testing/fakes.ts';
import {
  Client,
  type RawServer,
  startRawServer,
  startSidecar,
} from '#sidecar/http/testing/sidecar-under-test.ts';
import { OriginalDestinationCluster } from '#sidecar/upstream/original-destination-cluster.ts';
import { policyOf } from '#sidecar/upstream/testing/endpoints.ts';
import { BoundListeners } from './bound-listeners.ts';

const GET = 'GET / HTTP/1.1\r\nHost: web\r\n\r\n';

function answer(text: string) {
  return (client: Client): void => {
    if (!client.text.includes('\r\n\r\n')) return;
    client.text = '';
    client.send(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
  };
}

function httpTo(app: RawServer): ListenerTarget {
  return targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) });
}

function listenerOn(port: number, target: ListenerTarget): BoundListener {
  const chains = { state: 'found', value: { plain: target } } as const;
  return { name: `127.0.0.1_${port}`, address: '127.0.0.1', port, chains: () => chains };
}

function snapshotWith(...listeners: [port: number, target: ListenerTarget][]): Snapshot {
  const targets = new Set(listeners.map(([, target]) => target));
  return {
    ...snapshotOf(targetOf({ cluster: new FakeCluster() })).value,
    bound: listeners.map(([port, target]) => listenerOn(port, target)),
    serves: (target) => targets.has(target),
  };
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function world() {
  const sidecar = await startSidecar(targetOf({ cluster: new FakeCluster() }));
  const bound = new BoundListeners({
    newGroup: () => sidecar.interception.group(),
    drainMs: 5_000,
    clock: systemClock,
    logger: silentLogger,
  });
  const clients: Client[] = [];
  return {
    bound,
    /** Connects as soon as somebody listens. */
    async connect(port: number): Promise<Client> {
      for (;;) {
        const client = await dial(port);
        if (client === undefined) continue;
        clients.push(client);
        return client;
      }
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.socket.destroy();
      bound.close();
      await sidecar[Symbol.asyncDispose]();
    },
  };
}

async function dial(port: number): Promise<Client | undefined> {
  const { connect } = await import('node:net');
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const connected = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'close').then(() => false),
  ]).catch(() => false);
  return connected ? new Client(socket) : undefined;
}

async function exchange(client: Client): Promise<string> {
  client.send(GET);
  return client.response();
}

describe('a listener', () => {
  test('does not call itself where a route leads to wherever the connection was going', async () => {
    await using w = await world();
    const port = await freePort();
    const cluster = new OriginalDestinationCluster(policyOf(), systemClock);
    w.bound.update(snapshotWith([port, targetOf({ cluster })]));
    expect(await exchange(await w.connect(port))).toContain('503');
    expect(w.bound.connections()).toBe(1);
  });

  test('is bound, serves, and is gone with its configuration', async () => {
    await using app = await startRawServer(answer('one'));
    await using w = await world();
    const port = await freePort();
    w.bound.update(snapshotWith([port, httpTo(app)]));
    const client = await w.connect(port);
    expect(await exchange(client)).toContain('one');
    w.bound.update(snapshotWith());
    await expect.poll(() => dial(port)).toBeUndefined();
    expect(await exchange(client)).toMatch(/connection: close/i);
    await client.untilEnd();
    client.socket.end();
    await expect.poll(() => w.bound.connections()).toBe(0);
  });

  test('that changes serves on: new connections the new way, old ones end with an answer', async () => {
    await using one = await startRawServer(answer('one'));
    await using two = await startRawServer(answer('two'));
    await using w = await world();
    const port = await freePort();
    w.bound.update(snapshotWith([port, httpTo(one)]));
    const before = await w.connect(port);
    expect(await exchange(before)).toContain('one');
    w.bound.update(snapshotWith([port, httpTo(two)]));
    const after = await w.connect(port);
    expect(await exchange(after)).toMatch(/200 OK.*two/s);
    expect(await exchange(before)).toMatch(/connection: close.*one/is);
  });

  test('whose port is taken is bound when it is free', async () => {
    await using app = await startRawServer(answer('mine'));
    await using w = await world();
    const port = await freePort();
    const holder = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
    await once(holder, 'listening');
    w.bound.update(snapshotWith([port, httpTo(app)]));
    const turnedAway = await w.connect(port);
    await turnedAway.untilEnd();
    await new Promise((resolve) => holder.close(resolve));
    expect(await exchange(await w.connect(port))).toContain('mine');
  });

  test('drains: what is open ends with its next answer', async () => {
    await using app = await startRawServer(answer('one'));
    await using w = await world();
    const port = await freePort();
    w.bound.update(snapshotWith([port, httpTo(app)]));
    const client = await w.connect(port);
    await exchange(client);
    const drained = w.bound.drain(5_000);
    expect(await exchange(client)).toMatch(/connection: close/i);
    client.socket.end();
    await drained;
    expect(w.bound.connections()).toBe(0);
  });
});
