/** Deadlines as apps and clients see them: one per request, smaller at every hop and every try. */
import { describe, expect, test } from 'vitest';
import { systemClock } from '#api/foundation/clock.ts';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { NO_CONDITIONS } from '#sidecar/routing/retry-policy.ts';
import { DeadlineMemory } from './deadline-memory.ts';
import { FakeCluster, FakeEndpoint, targetOf } from './testing/fakes.ts';
import { startRawServer, startSidecar } from './testing/sidecar-under-test.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const EXPECTED = 'x-envoy-expected-rq-timeout-ms';

function get(...lines: string[]): string {
  return `GET / HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
}

/** What a request head says is left, if anything. */
function told(text: string): number | undefined {
  const value = /x-envoy-expected-rq-timeout-ms: *(\d+)\r\n/.exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}

describe('what an upstream is told', () => {
  test.each<[string, { timeoutMs?: number; perTryTimeoutMs?: number }, string[], number | undefined]>([
    ['nothing', {}, [], undefined],
    ['the route’s timeout', { timeoutMs: 200 }, [], 200],
    ['the timeout of a try', { timeoutMs: 200, perTryTimeoutMs: 60 }, [], 60],
    ['what the caller has left', { timeoutMs: 200 }, [`${EXPECTED}: 90`], 90],
    ['what the route leaves of it', { timeoutMs: 50 }, [`${EXPECTED}: 90`], 50],
    ['what the caller asks for', {}, ['x-envoy-upstream-rq-timeout-ms: 40'], 40],
    ['what the caller asks for a try', {}, ['x-envoy-upstream-rq-per-try-timeout-ms: 30'], 30],
    ['what gRPC says', {}, ['grpc-timeout: 70m'], 70],
    ['the smallest of all', { timeoutMs: 200 }, [`${EXPECTED}: 90`, 'grpc-timeout: 70m'], 70],
  ])('%s', async (_, { timeoutMs = 0, perTryTimeoutMs = 0 }, lines, expected) => {
    await using app = await startRawServer();
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    const target = targetOf({ cluster, timeoutMs, retry: { perTryTimeoutMs } });
    await using sidecar = await startSidecar(target, 'outbound', new ManualClock());
    const client = sidecar.connect();
    client.send(get(...lines));
    const upstream = await app.connection(0);
    const head = await upstream.until((text) => text.includes('\r\n\r\n'));
    expect(told(head)).toBe(expected);
    expect(head.split(EXPECTED).length).toBe(expected === undefined ? 1 : 2);
    expect(head).not.toContain('x-envoy-upstream-rq');
    upstream.send(OK);
    expect(await client.response()).toBe(OK);
  });

  test('less at each try', async () => {
    const clock = new ManualClock();
    await using app = await startRawServer();
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    const retry = { attempts: 1, on: { ...NO_CONDITIONS, reset: true }, backoff: { baseMs: 1, maxMs: 1 } };
    const target = targetOf({ cluster, timeoutMs: 100, retry });
    await using sidecar = await startSidecar(target, 'outbound', clock);
    const client = sidecar.connect();
    client.send(get());
    const first = await app.connection(0);
    expect(told(await first.until((text) => text.includes('\r\n\r\n')))).toBe(100);
    clock.advance(40);
    first.socket.destroy();
    await expect.poll(() => cluster.breakers.retried).toBe(1);
    clock.advance(1);
    const second = await app.connection(1);
    expect(told(await second.until((text) => text.includes('\r\n\r\n')))).toBe(59);
    clock.advance(59);
    expect(await client.response()).toMatch(/504 [\s\S]*UT; .* did not answer within 100 ms/);
  });

  test('of a try does not begin anew with what comes behind the request', async () => {
    const clock = new ManualClock();
    await using app = await startRawServer();
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    const target = targetOf({ cluster, retry: { perTryTimeoutMs: 10 } });
    await using sidecar = await startSidecar(target, 'outbound', clock);
    const [client, other] = [sidecar.connect(), sidecar.connect()];
    client.send(get());
    await (await app.connection(0)).until((text) => text.includes('\r\n\r\n'));
    clock.advance(6);
    client.send(get());
    other.send(get());
    await (await app.connection(1)).until((text) => text.includes('\r\n\r\n'));
    clock.advance(4);
    expect(await client.response()).toMatch(/^HTTP\/1\.1 504 [\s\S]*UT; /);
  });
});

describe('a deadline of the caller', () => {
  test.each([0, -5])('%i ms left: 504 at once, and no endpoint sees the request', async (leftMs) => {
    const endpoint = new FakeEndpoint(9);
    const cluster = new FakeCluster(endpoint);
    await using sidecar = await startSidecar(targetOf({ cluster }), 'outbound', new ManualClock());
    const client = sidecar.connect();
    client.send(get(`${EXPECTED}: ${leftMs}`));
    expect(await client.response()).toMatch(/^HTTP\/1\.1 504 [\s\S]*DT; the time that the caller gave/);
    expect(endpoint.begun).toBe(0);
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 504, flag: 'DT' }]);
    expect(cluster.breakers.requests.used).toBe(0);
  });

  test('that passes in the line for a connection is not the endpoint’s fault', async () => {
    const clock = new ManualClock();
    await using app = await startRawServer();
    const endpoint = new FakeEndpoint(app.port);
    const cluster = new FakeCluster(endpoint);
    cluster.breakers.connections.limit = 1;
    await using sidecar = await startSidecar(targetOf({ cluster }), 'outbound', clock);
    const [first, second] = [sidecar.connect(), sidecar.connect()];
    first.send(get());
    await (await app.connection(0)).until((text) => text.includes('\r\n\r\n'));
    second.send(get(`${EXPECTED}: 50`));
    await expect.poll(() => cluster.breakers.pending.used).toBe(1);
    clock.advance(50);
    expect(await second.response()).toMatch(/^HTTP\/1\.1 504 /);
    expect(endpoint.outcomes).toEqual(['cancelled']);
    expect(cluster.breakers).toMatchObject({ pending: { used: 0 }, requests: { used: 1 } });
  });

  test('passes while the request is still coming, where a route’s timeout does not', async () => {
    const clock = new ManualClock();
    await using app = await startRawServer();
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    await using sidecar = await startSidecar(targetOf({ cluster, timeoutMs: 10 }), 'outbound', clock);
    const client = sidecar.connect();
    client.send(`POST / HTTP/1.1\r\nHost: a\r\n${EXPECTED}: 50\r\nContent-Length: 2\r\n\r\na`);
    await (await app.connection(0)).until((text) => text.endsWith('\r\n\r\na'));
    clock.advance(49);
    expect(client.text).toBe('');
    clock.advance(1);
    expect(await client.response()).toMatch(/^HTTP\/1\.1 504 [\s\S]*UT; /);
  });
});

describe('the calls of an app', () => {
  /** An app that makes a call with `forwarded` header lines for each of its requests, through a sidecar of its own. */
  async function relay(forwarded: RegExp, act: (built: Hops) => Promise<void>) {
    const built = await hops(forwarded);
    try {
      await act(built);
    } finally {
      for (const part of built.parts) await part[Symbol.asyncDispose]();
    }
  }

  type Hops = Awaited<ReturnType<typeof hops>>;

  async function hops(forwarded: RegExp) {
    const clock = new ManualClock();
    const memory = new DeadlineMemory(clock);
    const end = await startRawServer();
    const cluster = new FakeCluster(new FakeEndpoint(end.port));
    const outbound = await startSidecar(targetOf({ cluster }), 'outbound', clock, memory);
    const app = await startRawServer((client) => {
      if (!client.text.includes('\r\n\r\n')) return;
      const lines = client.text.split('\r\n').filter((line) => forwarded.test(line));
      client.text = '';
      const call = outbound.connect();
      call.send(get(...lines));
      void call.response().then(
        (response) => client.send(response),
        () => {},
      );
    });
    const inbound = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
      'inbound',
      clock,
      memory,
    );
    return { clock, memory, end, outbound, inbound, parts: [outbound, inbound, end, app] };
  }

  const IDENTITY = [
    'x-request-id: 7',
    'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  ];

  test.each([
    ['x-request-id', /^x-request-id:/i],
    ['traceparent', /^traceparent:/i],
  ])('inherit what is left by %s', (_, forwarded) =>
    relay(forwarded, async ({ clock, memory, end, inbound }) => {
      const client = inbound.connect();
      client.send(get(`${EXPECTED}: 60`, ...IDENTITY));
      const last = await end.connection(0);
      expect(told(await last.until((text) => text.includes('\r\n\r\n')))).toBe(60);
      expect(memory.empty).toBe(false);
      last.send(OK);
      expect(await client.response()).toBe(OK);
      await expect.poll(() => memory.empty).toBe(true);
      clock.advance(60);
    }),
  );

  test('inherit nothing without an identity', () =>
    relay(/^x-other:/, async ({ end, inbound }) => {
      const client = inbound.connect();
      client.send(get(`${EXPECTED}: 60`, ...IDENTITY));
      const last = await end.connection(0);
      expect(told(await last.until((text) => text.includes('\r\n\r\n')))).toBeUndefined();
      last.send(OK);
      expect(await client.response()).toBe(OK);
    }));

  test('inherit nothing from a later request of the same trace', () =>
    relay(/^traceparent:/, async ({ clock, memory, end, outbound, inbound }) => {
      const [free, limited] = [inbound.connect(), inbound.connect()];
      free.send(get(...IDENTITY));
      const first = await end.connection(0);
      expect(told(await first.until((text) => text.includes('\r\n\r\n')))).toBeUndefined();
      expect(memory.empty).toBe(true);
      limited.send(get(`${EXPECTED}: 60`, ...IDENTITY));
      const second = await end.connection(1);
      expect(told(await second.until((text) => text.includes('\r\n\r\n')))).toBeUndefined();
      clock.advance(60);
      expect(await limited.response()).toMatch(/^HTTP\/1\.1 504 /);
      const another = outbound.connect();
      another.send(get(IDENTITY[1]!));
      const third = await end.connection(2);
      await third.until((text) => text.includes('\r\n\r\n'));
      for (const upstream of [first, third]) upstream.send(OK);
      expect(await another.response()).toBe(OK);
      expect(await free.response()).toBe(OK);
    }));

  test('that come after the deadline go nowhere', () =>
    relay(/^x-request-id:/, async ({ clock, end, outbound, inbound }) => {
      const client = inbound.connect();
      client.send(get(`${EXPECTED}: 60`, ...IDENTITY));
      await end.connection(0);
      clock.advance(60);
      expect(await client.response()).toMatch(/^HTTP\/1\.1 504 /);
      const late = outbound.connect();
      late.send(get('x-request-id: 7'));
      expect(await late.response()).toMatch(/^HTTP\/1\.1 504 [\s\S]*DT; /);
      expect(end.accepted).toHaveLength(1);
    }));
});

test('50 ms through two sidecars are over after 50 ms', async () => {
  await using app = await startRawServer();
  const inner = new FakeCluster(new FakeEndpoint(app.port));
  await using inbound = await startSidecar(targetOf({ cluster: inner }), 'inbound');
  const outer = new FakeCluster(new FakeEndpoint(inbound.port));
  await using outbound = await startSidecar(targetOf({ cluster: outer, timeoutMs: 50 }));
  const client = outbound.connect();
  const startMs = systemClock.nowMs();
  client.send(get());
  const leftMs = told(await (await app.connection(0)).until((text) => text.includes('\r\n\r\n')));
  expect(leftMs).toBeLessThanOrEqual(50);
  expect(await client.response()).toMatch(/^HTTP\/1\.1 504 /);
  expect(systemClock.nowMs() - startMs).toBeGreaterThanOrEqual(49);
  await (await app.connection(0)).untilEnd();
  await expect.poll(() => inner.breakers.requests.used + outer.breakers.requests.used).toBe(0);
});
