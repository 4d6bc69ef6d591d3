/** Circuit breakers and connection settings as clients and apps see them. */
import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { type CircuitBreakerLimits, DEFAULT_LIMITS } from '#sidecar/upstream/circuit-breakers.ts';
import { DEFAULT_CONNECTIONS } from '#sidecar/upstream/cluster-policy.ts';
import { FakeCluster, FakeEndpoint, targetOf } from './testing/fakes.ts';
import {
  type RawServer,
  type SidecarUnderTest,
  startRawServer,
  startSidecar,
} from './testing/sidecar-under-test.ts';

const GET = 'GET /a HTTP/1.1\r\nHost: app.test\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

interface Stage {
  readonly app: RawServer;
  readonly cluster: FakeCluster;
  readonly sidecar: SidecarUnderTest;
}

async function withLimits(
  limits: Partial<CircuitBreakerLimits>,
  play: (stage: Stage) => Promise<void>,
  clock?: ManualClock,
): Promise<void> {
  await using app = await startRawServer();
  const cluster = new FakeCluster(new FakeEndpoint(app.port));
  cluster.breakers.adjust({ ...DEFAULT_LIMITS, ...limits });
  await using sidecar = await startSidecar(targetOf({ cluster }), 'outbound', clock);
  await play({ app, cluster, sidecar });
}

/** Waits for a request on connection number `index` of the app, and answers it. */
async function answerOn(app: RawServer, index: number): Promise<void> {
  const connection = await app.connection(index);
  await connection.until((text) => text.includes('\r\n\r\n'));
  connection.text = '';
  connection.send(OK);
}

const idle = { requests: { used: 0 }, pending: { used: 0 }, retries: { used: 0 } };

describe('circuit breakers', () => {
  test('one request too many is 503 at once', () =>
    withLimits({ maxRequests: 1 }, async ({ app, cluster, sidecar }) => {
      const [first, second] = [sidecar.connect(), sidecar.connect()];
      first.send(GET);
      await app.connection(0);
      second.send(GET);
      expect(await second.response()).toMatch(/503 [\s\S]*UO; app\.test has 1 requests under way/);
      await answerOn(app, 0);
      expect(await first.response()).toBe(OK);
      second.send(GET);
      await answerOn(app, 0);
      expect(await second.response()).toBe(OK);
      expect(cluster.endpoints[0]!.outcomes).toEqual(['success', 'success']);
      expect(cluster.breakers).toMatchObject(idle);
    }));

  test('with one connection and one place to wait, two clients pass and the third is refused', () =>
    withLimits({ maxConnections: 1, maxPendingRequests: 1 }, async ({ app, cluster, sidecar }) => {
      const [first, second, third] = [sidecar.connect(), sidecar.connect(), sidecar.connect()];
      first.send(POST);
      await (await app.connection(0)).until((text) => text.includes('\r\n\r\n'));
      second.send(POST);
      await expect.poll(() => cluster.breakers.pending.used).toBe(1);
      third.send(POST);
      expect(await third.response()).toMatch(/503 [\s\S]*UO; 1 requests wait for a connection to app\.test/);
      await answerOn(app, 0);
      expect(await first.response()).toBe(OK);
      await answerOn(app, 0);
      expect(await second.response()).toBe(OK);
      expect(app.accepted).toHaveLength(1);
      expect(sidecar.telemetry.requestsSeen.map(({ code, flag }) => [code, flag])).toEqual([
        [503, 'UO'],
        [200, '-'],
        [200, '-'],
      ]);
      expect(cluster.breakers).toMatchObject({ ...idle, connections: { used: 1 } });
      expect(cluster.endpoints[0]).toMatchObject({
        active: 0,
        outcomes: ['cancelled', 'success', 'success'],
      });
    }));

  test('a connection that opens slowly turns nobody away', () =>
    withLimits({ maxPendingRequests: 0 }, async ({ app, sidecar }) => {
      const clients = [0, 1, 2].map(() => sidecar.connect());
      for (const client of clients) client.send(GET);
      for (const index of [0, 1, 2]) await answerOn(app, index);
      for (const client of clients) expect(await client.response()).toBe(OK);
    }));

  test('who waits is served in order, and takes the place of a connection that closes', () =>
    withLimits({ maxConnections: 1 }, async ({ app, cluster, sidecar }) => {
      const clients = [0, 1, 2].map(() => sidecar.connect());
      for (const [i, client] of clients.entries()) {
        client.send(`POST /${i} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`);
        await expect.poll(() => cluster.breakers.requests.used).toBe(i + 1);
      }
      for (const [i, client] of clients.entries()) {
        const connection = await app.connection(i);
        await connection.until((text) => text.startsWith(`POST /${i} `) && text.includes('\r\n\r\n'));
        connection.send(OK.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
        expect(await client.response()).toContain('200 OK');
        expect(cluster.breakers.connections.used).toBeLessThanOrEqual(1);
      }
      await expect.poll(() => cluster.breakers.connections.used).toBe(0);
      expect(cluster.breakers).toMatchObject(idle);
    }));

  test('a client that leaves gives its place in the line away', () =>
    withLimits({ maxConnections: 1, maxPendingRequests: 1 }, async ({ app, cluster, sidecar }) => {
      const [first, leaver, third] = [sidecar.connect(), sidecar.connect(), sidecar.connect()];
      first.send(POST);
      await (await app.connection(0)).until((text) => text.includes('\r\n\r\n'));
      leaver.send(POST);
      await expect.poll(() => cluster.breakers.pending.used).toBe(1);
      leaver.socket.destroy();
      await expect.poll(() => cluster.breakers.pending.used).toBe(0);
      third.send(POST);
      await expect.poll(() => cluster.breakers.pending.used).toBe(1);
      await answerOn(app, 0);
      await answerOn(app, 0);
      expect(await third.response()).toBe(OK);
      expect(cluster.endpoints[0]!.active).toBe(0);
    }));

  test('a request that cannot be repeated does not wait for a kept connection that is too old for it', () => {
    const clock = new ManualClock();
    return withLimits(
      { maxConnections: 1 },
      async ({ app, sidecar }) => {
        const client = sidecar.connect();
        client.send(POST);
        await answerOn(app, 0);
        expect(await client.response()).toBe(OK);
        clock.advance(1500);
        client.send(POST);
        await answerOn(app, 1);
        expect(await client.response()).toBe(OK);
        await (await app.connection(0)).untilEnd();
      },
      clock,
    );
  });

  test('each endpoint has one connection at least, as in Envoy', async () => {
    await using a = await startRawServer();
    await using b = await startRawServer();
    const cluster = new FakeCluster(new FakeEndpoint(a.port), new FakeEndpoint(b.port));
    cluster.breakers.adjust({ ...DEFAULT_LIMITS, maxConnections: 1 });
    await using sidecar = await startSidecar(targetOf({ cluster }));
    const [first, second] = [sidecar.connect(), sidecar.connect()];
    first.send(GET);
    await a.connection(0);
    second.send(GET);
    await answerOn(b, 0);
    expect(await second.response()).toBe(OK);
    await answerOn(a, 0);
    expect(await first.response()).toBe(OK);
  });

  describe('with one connection of one request, and one place to wait', () => {
    /** How many of the requests of `clients` clients are answered with which status. */
    async function statuses(clients: number): Promise<Record<string, number>> {
      await using app = await startRawServer((client) => {
        if (!client.text.includes('\r\n\r\n')) return;
        client.text = '';
        client.send(OK);
      });
      const cluster = new FakeCluster(new FakeEndpoint(app.port));
      cluster.breakers.adjust({ ...DEFAULT_LIMITS, maxConnections: 1, maxPendingRequests: 1 });
      cluster.connections = { ...DEFAULT_CONNECTIONS, maxRequests: 1 };
      await using sidecar = await startSidecar(targetOf({ cluster }));
      const count: Record<string, number> = {};
      const ask = async (): Promise<void> => {
        const client = sidecar.connect();
        for (let i = 0; i < 30; i++) {
          client.send(GET);
          const status = (await client.response()).slice(9, 12);
          count[status] = (count[status] ?? 0) + 1;
        }
      };
      await Promise.all(Array.from({ length: clients }, ask));
      await expect.poll(() => cluster.breakers.connections.used).toBe(0);
      expect(cluster.breakers).toMatchObject(idle);
      return count;
    }

    test('one client passes', async () => expect(await statuses(1)).toEqual({ 200: 30 }));

    test('two clients pass, nearly always', async () => {
      expect((await statuses(2))['200']).toBeGreaterThan(50);
    });

    test('of three clients one is refused, again and again', async () => {
      const { 200: passed = 0, 503: refused = 0 } = await statuses(3);
      expect(passed + refused).toBe(90);
      expect(refused).toBeGreaterThan(10);
      expect(passed).toBeGreaterThan(10);
    });
  });

  test('a tunnel holds its connection until it ends', () =>
    withLimits({ maxConnections: 1 }, async ({ app, cluster, sidecar }) => {
      const [tunnel, other] = [sidecar.connect(), sidecar.connect()];
      tunnel.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
      const upstream = await app.connection(0);
      await upstream.until((text) => text.includes('\r\n\r\n'));
      upstream.send('HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
      await tunnel.until((text) => text.includes('101'));
      expect(cluster.breakers).toMatchObject({ connections: { used: 1 }, requests: { used: 1 } });
      tunnel.socket.end();
      upstream.socket.end();
      await expect.poll(() => cluster.breakers.connections.used).toBe(0);
      expect(cluster.breakers).toMatchObject(idle);
      other.send(GET);
      await answerOn(app, 1);
      expect(await other.response()).toBe(OK);
    }));
});

describe('connection settings', () => {
  test.each([
    ['requests', { maxRequests: 2 }, [0, 0, 1, 1, 2]],
    ['none', {}, [0, 0, 0, 0, 0]],
  ])('a connection serves as many requests as it may: %s', async (_, settings, connections) => {
    await using app = await startRawServer((client) => {
      if (!client.text.includes('\r\n\r\n')) return;
      client.text = '';
      client.send(OK);
    });
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    cluster.connections = { ...DEFAULT_CONNECTIONS, ...settings };
    await using sidecar = await startSidecar(targetOf({ cluster }));
    const client = sidecar.connect();
    for (const index of connections) {
      client.send(GET);
      expect(await client.response()).toBe(OK);
      expect(app.accepted).toHaveLength(index + 1);
    }
  });

  test('a connection that is too old is closed after its request', async () => {
    const clock = new ManualClock();
    await using app = await startRawServer();
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    cluster.connections = { ...DEFAULT_CONNECTIONS, maxDurationMs: 100 };
    await using sidecar = await startSidecar(targetOf({ cluster }), 'outbound', clock);
    const client = sidecar.connect();
    client.send(GET);
    await (await app.connection(0)).until((text) => text.includes('\r\n\r\n'));
    clock.advance(100);
    await answerOn(app, 0);
    expect(await client.response()).toBe(OK);
    await (await app.connection(0)).untilEnd();
    client.send(GET);
    await answerOn(app, 1);
    expect(await client.response()).toBe(OK);
  });
});
