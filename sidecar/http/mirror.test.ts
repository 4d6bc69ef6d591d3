import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import type { ForwardDecision } from '#sidecar/routing/route-table.ts';
import { Deadlines } from '#sidecar/tcp/deadlines.ts';
import type { Cluster } from '#sidecar/upstream/cluster.ts';
import { PoolSet } from '#sidecar/upstream/pool-set.ts';
import { MAX_MIRROR_BYTES, MAX_MIRROR_MS, type MirrorCounts, MirrorExchange } from './mirror.ts';
import { FakeCluster, FakeEndpoint, forwardTo, tableOf, targetOf } from './testing/fakes.ts';
import { type Client, type RawServer, startRawServer, startSidecar } from './testing/sidecar-under-test.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const ALL = 1_000_000;

/** Answers whatever ends a request. */
function answer(client: Client): void {
  if (client.text.endsWith('\r\n\r\n') || client.text.endsWith('END')) client.send(OK);
}

function mirrored(app: RawServer, mirrors: readonly { cluster: () => Cluster | undefined; share: number }[]) {
  const decision = forwardTo(new FakeCluster(new FakeEndpoint(app.port))) as ForwardDecision;
  const table = tableOf(() => ({ ...decision, mirrors }));
  const routes = () => ({ state: 'found' as const, value: table });
  return startSidecar(targetOf({ cluster: new FakeCluster(), routes }));
}

describe('a mirrored request', () => {
  test('goes to both, and only the original is answered and counted', async () => {
    await using app = await startRawServer(answer);
    await using shadow = await startRawServer((client) =>
      client.send('HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n'),
    );
    const endpoint = new FakeEndpoint(shadow.port);
    const cluster = new FakeCluster(endpoint);
    await using sidecar = await mirrored(app, [{ cluster: () => cluster, share: ALL }]);
    const client = sidecar.connect();
    client.send('POST /a HTTP/1.1\r\nHost: app:80\r\nContent-Length: 6\r\n\r\nabc');
    const copy = await shadow.connection(0);
    client.send('END');
    expect(await client.response()).toBe(OK);
    const text = await copy.until((got) => got.endsWith('abcEND'));
    expect(text).toBe((await app.connection(0)).text.replace('Host: app:80', 'host: app-shadow:80'));
    await expect.poll(() => endpoint.outcomes).toEqual(['server-error']);
    expect(cluster.breakers.requests.used).toBe(0);
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 200, flag: '-' }]);
  });

  test.each<[string, () => Promise<Cluster | undefined>]>([
    ['a cluster that is gone', async () => undefined],
    ['no endpoint', async () => new FakeCluster()],
    [
      'an endpoint that refuses connections',
      async () => {
        const server = await startRawServer();
        await server[Symbol.asyncDispose]();
        return new FakeCluster(new FakeEndpoint(server.port));
      },
    ],
    [
      'an open breaker',
      async () => {
        const cluster = new FakeCluster(new FakeEndpoint(1));
        cluster.breakers.requests.limit = 0;
        return cluster;
      },
    ],
  ])('costs the original nothing: %s', async (_, make) => {
    await using app = await startRawServer(answer);
    const cluster = await make();
    await using sidecar = await mirrored(app, [{ cluster: () => cluster, share: ALL }]);
    const client = sidecar.connect();
    for (let i = 0; i < 3; i++) {
      client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      expect(await client.response()).toBe(OK);
    }
    const unasked = cluster instanceof FakeCluster && cluster.breakers.requests.open;
    if (unasked) expect(cluster.originals).toEqual([]);
    expect(sidecar.telemetry.requestsSeen).toMatchObject(Array(3).fill({ code: 200 }));
  });

  test('is drawn by its share', async () => {
    await using app = await startRawServer(answer);
    let asked = 0;
    const cluster = () => {
      asked += 1;
      return undefined;
    };
    await using sidecar = await mirrored(app, [
      { cluster, share: 300_000 },
      { cluster, share: 0 },
    ]);
    const client = sidecar.connect();
    for (let i = 0; i < 300; i++) {
      client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await client.response();
    }
    expect(asked).toBeGreaterThan(60);
    expect(asked).toBeLessThan(120);
  });

  test('has none when it may become another protocol', async () => {
    await using app = await startRawServer(answer);
    let asked = 0;
    const cluster = () => {
      asked += 1;
      return undefined;
    };
    await using sidecar = await mirrored(app, [{ cluster, share: ALL }]);
    const client = sidecar.connect();
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n');
    await client.response();
    expect(asked).toBe(0);
  });
});

describe('a mirror', () => {
  function start(endpoint: FakeEndpoint, complete: boolean) {
    const clock = new ManualClock();
    const pools = new PoolSet<UpstreamConnection>(clock);
    const counts: MirrorCounts = { started: 0, answered: 0, dropped: 0 };
    const cluster = new FakeCluster(endpoint);
    cluster.connectTimeoutMs = 1_000_000_000;
    const settings = {
      clock,
      random: seededRandom(1),
      deadlines: new Deadlines(clock),
      pools,
      remembers: undefined,
    };
    const request = {
      bytes: Buffer.from('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n'),
      headOnly: false,
      repeatable: false,
      complete,
      original: { address: '10.0.0.1', port: 80 },
      timeoutMs: 0,
    };
    return { clock, counts, cluster, mirror: new MirrorExchange(cluster, request, settings, counts) };
  }

  test('that cannot keep up is dropped', async () => {
    await using shadow = await startRawServer();
    shadow.server.on('connection', (socket) => socket.pause());
    const endpoint = new FakeEndpoint(shadow.port);
    const { counts, cluster, mirror } = start(endpoint, false);
    await shadow.connection(0);
    const piece = Buffer.alloc(64 * 1024);
    let sent = 0;
    while (counts.dropped === 0) {
      mirror.sendBody(piece, 0, piece.length);
      sent += piece.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sent).toBeGreaterThan(MAX_MIRROR_BYTES);
    expect([endpoint.active, cluster.breakers.requests.used]).toEqual([0, 0]);
    mirror.sendBody(piece, 0, piece.length);
    mirror.bodyEnded();
    mirror.cancel();
    expect(counts).toEqual({ started: 1, answered: 0, dropped: 1 });
  });

  test('that still connects holds a bounded body', () => {
    const endpoint = new FakeEndpoint(9, '127.0.0.1');
    const { counts, cluster, mirror } = start(endpoint, false);
    const piece = Buffer.alloc(64 * 1024);
    for (let held = 0; held < MAX_MIRROR_BYTES; held += piece.length) mirror.sendBody(piece, 0, piece.length);
    expect(counts.dropped).toBe(1);
    expect([endpoint.active, cluster.breakers.requests.used, cluster.breakers.pending.used]).toEqual([
      0, 0, 0,
    ]);
  });

  test('that is not answered in time is dropped', async () => {
    await using shadow = await startRawServer();
    const { clock, counts } = start(new FakeEndpoint(shadow.port), true);
    await (await shadow.connection(0)).until((text) => text.endsWith('\r\n\r\n'));
    clock.advance(MAX_MIRROR_MS - 1);
    expect(counts.dropped).toBe(0);
    clock.advance(1);
    expect(counts.dropped).toBe(1);
    await (await shadow.connection(0)).untilEnd();
  });

  test.each([
    [true, 0],
    [false, 1],
  ])('whose original ended early, all of it sent: %s', async (complete, dropped) => {
    await using shadow = await startRawServer();
    const { counts, mirror } = start(new FakeEndpoint(shadow.port), complete);
    mirror.cancel();
    expect(counts.dropped).toBe(dropped);
  });
});
