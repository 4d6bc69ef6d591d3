/** What a balancer by hash is told of requests, and the cookie that a client gets so that it is told the same again. */
import { describe, expect, test } from 'vitest';
import { FakeCluster, FakeEndpoint, targetOf } from './testing/fakes.ts';
import { startRawServer, startSidecar } from './testing/sidecar-under-test.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

function get(...lines: string[]): string {
  return `GET /a?id=7 HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
}

async function startApp() {
  return startRawServer((client) => {
    if (!client.text.includes('\r\n\r\n')) return;
    client.text = '';
    client.send(OK);
  });
}

describe('balancing by hash', () => {
  test('equal keys have equal hashes', async () => {
    await using app = await startApp();
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    const hash = [{ by: 'header', name: 'x-user', terminal: false } as const];
    await using sidecar = await startSidecar(targetOf({ cluster, hash }));
    const client = sidecar.connect();
    for (const lines of [['X-User: a'], ['x-user: b'], ['x-other: c', 'x-user: a'], []]) {
      client.send(get(...lines));
      expect(await client.response()).toBe(OK);
    }
    const [a, b, again, none] = cluster.hashes;
    expect(again).toBe(a);
    expect(b).not.toBe(a);
    expect([typeof a, none]).toEqual(['number', undefined]);
  });

  test('the source is the address of the client', async () => {
    await using app = await startApp();
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    const hash = [{ by: 'source-ip', terminal: false } as const];
    await using sidecar = await startSidecar(targetOf({ cluster, hash }));
    for (const client of [sidecar.connect(), sidecar.connect()]) {
      client.send(get());
      await client.response();
    }
    expect(cluster.hashes[0]).toBeDefined();
    expect(cluster.hashes[1]).toBe(cluster.hashes[0]);
  });

  test('a client without the cookie gets one, once', async () => {
    await using app = await startApp();
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    const hash = [{ by: 'cookie', name: 'user', path: '/', ttlMs: 60_000, terminal: false } as const];
    await using sidecar = await startSidecar(targetOf({ cluster, hash }));
    const client = sidecar.connect();
    client.send(get());
    const first = await client.response();
    const value = /\r\nset-cookie: user="([0-9a-f]{16})"; Max-Age=60; Path=\/; HttpOnly\r\n/.exec(first)?.[1];
    expect(value).toBeDefined();
    client.send(get(`Cookie: user="${value}"`));
    expect(await client.response()).toBe(OK);
    expect(cluster.hashes[1]).toBe(cluster.hashes[0]);
    client.send(get());
    expect(await client.response()).not.toContain(value);
    expect(cluster.hashes[2]).not.toBe(cluster.hashes[0]);
  });
});
