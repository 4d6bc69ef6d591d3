/** Retries as an app and a client see them: which failures are tried again, with what, how often, and what is said in the end. */
import { describe, expect, test } from 'vitest';
import { NO_CONDITIONS, type RetryConditions, type RetryPolicy } from '#sidecar/routing/retry-policy.ts';
import { DEFAULT_LIMITS } from '#sidecar/upstream/circuit-breakers.ts';
import { REPLAY_BYTES } from './replay-buffer.ts';
import { FakeCluster, FakeEndpoint, targetOf } from './testing/fakes.ts';
import { type Client, startRawServer, startSidecar } from './testing/sidecar-under-test.ts';

const GET = 'GET /a HTTP/1.1\r\nHost: app.test\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

type Script = (client: Client, request: number) => void;

/** An app that does with each whole request what `script` says; `number` counts requests over all connections. */
function scripted(script: Script): { onData: (client: Client) => void; requests: string[] } {
  const requests: string[] = [];
  return {
    requests,
    onData(client) {
      for (;;) {
        const end = client.text.indexOf('\r\n\r\n');
        if (end < 0) return;
        const length = Number(/content-length: *(\d+)/i.exec(client.text.slice(0, end))?.[1] ?? 0);
        if (client.text.length < end + 4 + length) return;
        requests.push(client.text.slice(0, end + 4 + length));
        client.text = client.text.slice(end + 4 + length);
        script(client, requests.length);
      }
    },
  };
}

const answer =
  (status: number): Script =>
  (client) => {
    client.send(`HTTP/1.1 ${status} x\r\nContent-Length: 3\r\n\r\n${status}`);
  };
const close: Script = (client) => void client.socket.destroy();
const nonsense: Script = (client) => client.send('SSH-2.0-x\r\n');
const silence: Script = () => {};

function retryOn(on: Partial<RetryConditions>, more: Partial<RetryPolicy> = {}) {
  return { attempts: 2, on: { ...NO_CONDITIONS, ...on }, backoff: { baseMs: 1, maxMs: 2 }, ...more };
}

describe('retries', () => {
  test.each<[string, Partial<RetryConditions>, Script, boolean]>([
    ['503 for 5xx', { any5xx: true }, answer(503), true],
    ['500 for 5xx', { any5xx: true }, answer(500), true],
    ['500 for gateway-error', { gatewayError: true }, answer(500), false],
    ['503 for gateway-error', { gatewayError: true }, answer(503), true],
    ['409 for retriable-4xx', { retriable4xx: true }, answer(409), true],
    ['404 for retriable-4xx', { retriable4xx: true }, answer(404), false],
    ['429 where it is named', { statuses: new Set([429]) }, answer(429), true],
    ['503 for reset', { reset: true }, answer(503), false],
    ['a closed connection for reset', { reset: true }, close, true],
    ['a closed connection for 5xx', { any5xx: true }, close, true],
    ['a closed connection for gateway-error', { gatewayError: true }, close, true],
    ['a closed connection for reset-before-request', { resetBeforeRequest: true }, close, false],
    ['a closed connection for connect-failure', { connectFailure: true }, close, false],
    ['nonsense for reset', { reset: true }, nonsense, true],
    ['nonsense for connect-failure', { connectFailure: true }, nonsense, false],
    ['a late try for reset', { reset: true }, silence, true],
    ['a late try for gateway-error', { gatewayError: true }, silence, true],
    ['a late try for connect-failure', { connectFailure: true }, silence, false],
  ])('%s', async (_, on, failure, again) => {
    const { onData, requests } = scripted((client, n) => (n === 1 ? failure : answer(200))(client, n));
    await using app = await startRawServer(onData);
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    const retry = retryOn(on, { perTryTimeoutMs: 30 });
    await using sidecar = await startSidecar(targetOf({ cluster, retry }));
    const client = sidecar.connect();
    client.send(POST);
    const response = await client.response();
    expect(response.startsWith('HTTP/1.1 200 ')).toBe(again);
    expect(requests).toHaveLength(again ? 2 : 1);
    expect(requests[0]).toMatch(/\r\n\r\nbody$/);
    expect(new Set(requests.map((request) => request.replace(/timeout-ms: +\d+/, ''))).size).toBe(1);
    expect(sidecar.telemetry.requestsSeen).toHaveLength(1);
    expect(cluster.endpoints[0]!.active).toBe(0);
    expect(cluster.breakers).toMatchObject({ retried: again ? 1 : 0, retries: { used: 0 } });
  });

  test('each try goes to another endpoint, and the last answer is passed on', async () => {
    const { onData, requests } = scripted(answer(503));
    await using app = await startRawServer(onData);
    const endpoints = [0, 1, 2].map(() => new FakeEndpoint(app.port));
    const cluster = new FakeCluster(...endpoints);
    await using sidecar = await startSidecar(targetOf({ cluster, retry: retryOn({ any5xx: true }) }));
    const client = sidecar.connect();
    client.send(GET);
    expect(await client.response()).toBe('HTTP/1.1 503 x\r\nContent-Length: 3\r\n\r\n503');
    expect(requests).toHaveLength(3);
    expect(endpoints.map(({ outcomes }) => outcomes)).toEqual(Array(3).fill(['gateway-error']));
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 503, flag: 'URX' }]);
  });

  test('an upload goes on when another try has a kept connection at once', async () => {
    await using app = await startRawServer();
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    await using sidecar = await startSidecar(targetOf({ cluster, retry: retryOn({ any5xx: true }) }));
    const clients = [sidecar.connect(), sidecar.connect()];
    for (const client of clients) client.send(GET);
    for (const index of [0, 1]) {
      await (await app.connection(index)).until((text) => text.includes('\r\n\r\n'));
    }
    for (const upstream of app.accepted) {
      upstream.text = '';
      upstream.send(OK);
    }
    for (const client of clients) await client.response();
    const [client] = clients;
    client!.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello');
    await expect.poll(() => app.accepted.filter(({ text }) => text.endsWith('hello'))).toHaveLength(1);
    const first = app.accepted.find(({ text }) => text !== '')!;
    const second = app.accepted.find(({ text }) => text === '')!;
    first.send('HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n');
    await second.until((text) => text.endsWith('hello'));
    client!.send('world');
    await second.until((text) => text.endsWith('helloworld'));
    second.send(OK);
    expect(await client!.response()).toBe(OK);
    expect(app.accepted).toHaveLength(2);
  });

  test('one endpoint is tried again when it is the only one', async () => {
    const { onData, requests } = scripted((client, n) => answer(n < 3 ? 503 : 200)(client, n));
    await using app = await startRawServer(onData);
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    await using sidecar = await startSidecar(targetOf({ cluster, retry: retryOn({ any5xx: true }) }));
    const client = sidecar.connect();
    client.send(GET);
    expect(await client.response()).toContain(' 200 ');
    expect(requests).toHaveLength(3);
    expect(app.accepted).toHaveLength(1);
    expect(cluster.endpoints[0]!.outcomes).toEqual(['gateway-error', 'gateway-error', 'success']);
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 200, flag: '-' }]);
  });

  test.each<[string, Script, number, string, RegExp]>([
    ['closed', close, 503, 'URX,UC', /closed the connection before it answered \(try 3 of 3\)/],
    ['nonsense', nonsense, 502, 'URX,UPE', /\(try 3 of 3\)/],
    ['late', silence, 504, 'URX,UT', /did not answer within 20 ms \(try 3 of 3\)/],
  ])('when the last try failed too, the answer says so: %s', async (_, failure, status, flag, reason) => {
    const { onData } = scripted(failure);
    await using app = await startRawServer(onData);
    const cluster = new FakeCluster(new FakeEndpoint(app.port), new FakeEndpoint(app.port));
    const retry = retryOn({ reset: true }, { perTryTimeoutMs: 20 });
    await using sidecar = await startSidecar(targetOf({ cluster, retry }));
    const client = sidecar.connect();
    client.send(GET);
    const response = await client.response();
    expect(response).toMatch(reason);
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: status, flag }]);
    expect(cluster.endpoints.flatMap(({ outcomes }) => outcomes)).toHaveLength(3);
  });

  test('a response whose body is not there at once is thrown away with its connection', async () => {
    const { onData, requests } = scripted((client, n) => {
      if (n === 1) client.send('HTTP/1.1 503 x\r\nContent-Length: 100\r\n\r\nfirst part');
      else answer(200)(client, n);
    });
    await using app = await startRawServer(onData);
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    await using sidecar = await startSidecar(targetOf({ cluster, retry: retryOn({ any5xx: true }) }));
    const client = sidecar.connect();
    client.send(GET);
    expect(await client.response()).toBe('HTTP/1.1 200 x\r\nContent-Length: 3\r\n\r\n200');
    expect(requests).toHaveLength(2);
    await (await app.connection(0)).untilEnd();
    await expect.poll(() => cluster.breakers.connections.used).toBe(1);
  });

  test('the breaker of retries lets the failure stand', async () => {
    const { onData, requests } = scripted(answer(503));
    await using app = await startRawServer(onData);
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    cluster.breakers.adjust({ ...DEFAULT_LIMITS, maxRetries: 0, retryBudget: undefined });
    await using sidecar = await startSidecar(targetOf({ cluster, retry: retryOn({ any5xx: true }) }));
    const client = sidecar.connect();
    client.send(GET);
    expect(await client.response()).toContain('HTTP/1.1 503 x');
    expect(requests).toHaveLength(1);
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 503, flag: 'UO' }]);
    expect(cluster.breakers.retries.overflows).toBe(1);
  });

  test('no retry begins after the deadline: the failure is passed on instead', async () => {
    const { onData, requests } = scripted(answer(503));
    await using app = await startRawServer(onData);
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    const retry = retryOn({ any5xx: true }, { backoff: { baseMs: 1e9, maxMs: 1e9 } });
    await using sidecar = await startSidecar(targetOf({ cluster, retry, timeoutMs: 1000 }));
    const client = sidecar.connect();
    client.send(GET);
    expect(await client.response()).toContain('HTTP/1.1 503 x');
    expect(requests).toHaveLength(1);
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 503, flag: '-' }]);
  });

  test('the deadline ends the back-off', async () => {
    const { onData } = scripted(answer(503));
    await using app = await startRawServer(onData);
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    const retry = retryOn({ any5xx: true }, { attempts: 25, backoff: { baseMs: 9, maxMs: 9 } });
    await using sidecar = await startSidecar(targetOf({ cluster, retry, timeoutMs: 40 }));
    const client = sidecar.connect();
    client.send(GET);
    expect(await client.response()).toMatch(/^HTTP\/1\.1 50[34] /);
    await expect.poll(() => cluster.breakers.requests.used).toBe(0);
    expect(cluster.endpoints[0]!.active).toBe(0);
    expect(cluster.breakers.retries.used).toBe(0);
  });

  test('a client that goes away during the back-off ends it', async () => {
    const { onData, requests } = scripted(answer(503));
    await using app = await startRawServer(onData);
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    const retry = retryOn({ any5xx: true }, { backoff: { baseMs: 1e6, maxMs: 1e6 } });
    await using sidecar = await startSidecar(targetOf({ cluster, retry }));
    const client = sidecar.connect();
    client.send(GET);
    await expect.poll(() => cluster.breakers.retries.used).toBe(1);
    client.socket.destroy();
    await expect.poll(() => sidecar.telemetry.requestsSeen).toMatchObject([{ code: 0, flag: 'DC' }]);
    expect(requests).toHaveLength(1);
    expect(cluster.breakers).toMatchObject({ retries: { used: 0 }, requests: { used: 0 } });
  });

  test('another sidecar that could not reach its app is a connect failure, one hop on', async () => {
    const words = 'HTTP/1.1 503 x\r\nx-weft-reason: UF; cannot connect\r\nContent-Length: 0\r\n\r\n';
    const { onData, requests } = scripted((client, n) => client.send(n === 1 ? words : OK));
    await using app = await startRawServer(onData);
    const cluster = new FakeCluster(new FakeEndpoint(app.port), new FakeEndpoint(app.port));
    cluster.breakers.adjust({ ...DEFAULT_LIMITS, retryBudget: { share: 0, floor: 0 } });
    await using sidecar = await startSidecar(targetOf({ cluster, retry: retryOn({ connectFailure: true }) }));
    const client = sidecar.connect();
    client.send(POST);
    expect(await client.response()).toBe(OK);
    expect(requests).toHaveLength(2);
  });
});

test.each([
  ['UF; cannot connect', 'UF, passed on by the app; cannot connect'],
  ['UC; closed before', 'UC, passed on by the app; closed before'],
  ['UH; no endpoint', 'UH; no endpoint'],
])('what an app passes on of the sidecars behind it is not said of the app: %s', async (reason, told) => {
  const words = (text: string) => `HTTP/1.1 503 x\r\nx-weft-reason: ${text}\r\nContent-Length: 0\r\n\r\n`;
  const { onData, requests } = scripted((client) => client.send(words(reason)));
  await using app = await startRawServer(onData);
  const inner = new FakeCluster(new FakeEndpoint(app.port));
  await using inbound = await startSidecar(targetOf({ cluster: inner }), 'inbound');
  const outer = new FakeCluster(new FakeEndpoint(inbound.port));
  await using outbound = await startSidecar(
    targetOf({ cluster: outer, retry: retryOn({ connectFailure: true }) }),
  );
  const client = outbound.connect();
  client.send(POST);
  expect(await client.response()).toContain(`x-weft-reason: ${told}\r\n`);
  expect(requests).toHaveLength(1);
});

describe.each([
  [503, 'before it answered'],
  [502, 'within its answer'],
])('another sidecar whose app went away with the request: %i, %s', (status, when) => {
  const LOST = `HTTP/1.1 ${status} x\r\nx-weft-reason: UC; closed ${when}\r\nContent-Length: 0\r\n\r\n`;

  test.each([
    ['is asked again where that does no harm', GET, { connectFailure: true }, 2],
    ['is not asked twice for what may have been done', POST, { connectFailure: true }, 1],
    ['is asked again for anything where resets are retried', POST, { reset: true }, 2],
    ['is not asked again where the policy is for something else', GET, { retriable4xx: true }, 1],
  ])('%s', async (_, request, on, tries) => {
    const { onData, requests } = scripted((client, n) => client.send(n === 1 ? LOST : OK));
    await using app = await startRawServer(onData);
    const cluster = new FakeCluster(new FakeEndpoint(app.port), new FakeEndpoint(app.port));
    await using sidecar = await startSidecar(targetOf({ cluster, retry: retryOn(on) }));
    const client = sidecar.connect();
    client.send(request);
    expect(await client.response()).toContain(`HTTP/1.1 ${tries === 2 ? 200 : status} `);
    expect(requests).toHaveLength(tries);
  });
});

test('an endpoint that dies under load costs no idempotent request', async () => {
  const requests = 40;
  let served = 0;
  const answering = () => {
    return startRawServer((client) => {
      if (!client.text.includes('\r\n\r\n')) return;
      client.text = '';
      served += 1;
      setImmediate(() => client.send(OK));
    });
  };
  const apps = await Promise.all([1, 2, 3, 4, 5].map(answering));
  const cluster = new FakeCluster(...apps.map(({ port }) => new FakeEndpoint(port)));
  await using sidecar = await startSidecar(targetOf({ cluster, retry: retryOn({ connectFailure: true }) }));
  const victim = apps[2]!;
  const ask = async (): Promise<void> => {
    const client = sidecar.connect();
    for (let i = 0; i < requests; i++) {
      client.send(GET);
      expect(await client.response()).toBe(OK);
      if (served < 300 || !victim.server.listening) continue;
      victim.server.close();
      for (const { socket } of victim.accepted) socket.resetAndDestroy();
    }
  };
  await Promise.all(Array.from({ length: 16 }, ask));
  expect(victim.server.listening).toBe(false);
  expect(cluster.endpoints[2]!.outcomes).toContain('connect-failure');
  expect(sidecar.telemetry.requestsSeen.map(({ code }) => code)).toEqual(Array(16 * requests).fill(200));
  expect(cluster.breakers).toMatchObject({ requests: { used: 0 }, retries: { used: 0 } });
  for (const app of apps) await app[Symbol.asyncDispose]();
});

describe('a body that comes in pieces', () => {
  const PIECE = 'x'.repeat(16 * 1024);

  /** Sends a request of `pieces`, each when the app has the one before; the first connection breaks at the end. */
  async function upload(pieces: number, attempts: number) {
    const length = pieces * PIECE.length;
    let broken = false;
    const seen = { bytes: 0, bodies: [] as number[] };
    await using app = await startRawServer((client, index) => {
      seen.bytes = client.text.length;
      const bodyAt = client.text.indexOf('\r\n\r\n') + 4;
      if (bodyAt < 4 || client.text.length - bodyAt < length) return;
      seen.bodies[index] = client.text.length - bodyAt;
      if (!broken) client.socket.destroy();
      else client.send(OK);
      broken = true;
    });
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    const retry = retryOn({ reset: true }, { attempts });
    await using sidecar = await startSidecar(targetOf({ cluster, retry }));
    const client = sidecar.connect();
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`);
    for (let i = 1; i <= pieces; i++) {
      client.send(PIECE);
      if (i < pieces) await expect.poll(() => seen.bytes, { interval: 1 }).toBeGreaterThan(i * PIECE.length);
    }
    const response = await client.response();
    return { response, bodies: seen.bodies, active: cluster.endpoints[0]!.active };
  }

  test('is sent again from the buffer', async () => {
    const { response, bodies, active } = await upload(3, 2);
    expect(response).toBe(OK);
    expect(bodies).toEqual([3 * PIECE.length, 3 * PIECE.length]);
    expect(active).toBe(0);
  });

  test('is sent once when it does not fit in the buffer', async () => {
    const { response, bodies } = await upload(Math.ceil(REPLAY_BYTES / PIECE.length) + 1, 2);
    expect(response).toMatch(/^HTTP\/1\.1 503 [\s\S]*UC; /);
    expect(bodies).toHaveLength(1);
  });

  test('goes on to the next endpoint where the first one left it', async () => {
    const { promise: broken, resolve } = Promise.withResolvers<void>();
    await using app = await startRawServer((client, index) => {
      if (index === 0 && client.text.endsWith('\r\n\r\nab')) {
        client.socket.destroy();
        resolve();
      } else if (client.text.endsWith('\r\n\r\nabcd')) client.send(OK);
    });
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    await using sidecar = await startSidecar(targetOf({ cluster, retry: retryOn({ reset: true }) }));
    const client = sidecar.connect();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\na');
    await (await app.connection(0)).until((text) => text.endsWith('\r\n\r\na'));
    client.send('b');
    await broken;
    client.send('cd');
    expect(await client.response()).toBe(OK);
  });
});
