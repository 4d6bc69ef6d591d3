/** What a route may decide, seen from both ends of a connection through the sidecar. */
import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import type { CorsPolicy, ForwardDecision, RouteDecision } from '#sidecar/routing/route-table.ts';
import { FakeCluster, FakeEndpoint, forwardTo, tableOf, targetOf } from './testing/fakes.ts';
import { type Client, type RawServer, startRawServer, startSidecar } from './testing/sidecar-under-test.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: app\r\n\r\nok';
const ALL = 1_000_000;
const HOP = 'outbound sidecar of client-1.test';
const NO_EDITS = { remove: [], set: [], add: [] };

/** Answers every whole head with 200. */
function answer(client: Client): void {
  while (client.text.includes('\r\n\r\n')) {
    client.text = client.text.slice(client.text.indexOf('\r\n\r\n') + 4);
    client.send(OK);
  }
}

/** A sidecar with one route that decides so. */
function startWith(decision: RouteDecision, clock?: ManualClock) {
  const table = tableOf(() => decision);
  const routes = () => ({ state: 'found' as const, value: table });
  return startSidecar(targetOf({ cluster: new FakeCluster(), routes }), 'outbound', clock);
}

function to(server: RawServer, more: Partial<ForwardDecision>): ForwardDecision {
  const cluster = new FakeCluster(new FakeEndpoint(server.port));
  cluster.connectTimeoutMs = 1_000_000_000;
  return { ...(forwardTo(cluster) as ForwardDecision), ...more };
}

/** The response without its date. */
async function said(client: Client): Promise<string> {
  return (await client.response()).replace(/date: [^\r]*\r\n/, '');
}

/** What was read after the clock moved on. */
function later(clock: ManualClock, ms: number, client: Client): string {
  clock.advance(ms);
  return client.text;
}

const HELLO = { kind: 'direct', route: 'hello', status: 200, body: Buffer.from('hello') } as const;
const HELLO_TEXT =
  'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-type: text/plain\r\nserver: weft\r\n\r\nhello';

describe('an answer of a rule', () => {
  test('comes with the lines that the rule wants', async () => {
    const edits = { ...NO_EDITS, set: [{ name: 'content-type', value: 'text/html' }] };
    await using sidecar = await startWith({ ...HELLO, responseEdits: edits });
    const client = sidecar.connect();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await said(client)).toBe(
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\nserver: weft\r\ncontent-type: text/html\r\n\r\nhello',
    );
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 200, flag: '-', service: 'unknown' }]);
  });

  test('a redirect says where to go', async () => {
    await using sidecar = await startWith({
      kind: 'redirect',
      route: 'r',
      status: 301,
      location: (request, secure) => `https://${request.authority}${request.path}&${secure}`,
    });
    const client = sidecar.connect();
    client.send('GET /a?b HTTP/1.1\r\nHost: App.test\r\n\r\n');
    expect(await said(client)).toBe(
      'HTTP/1.1 301 Moved Permanently\r\ncontent-length: 0\r\nlocation: https://app.test/a?b&false\r\nserver: weft\r\n\r\n',
    );
  });

  test('a redirect to what is no location is a failure of its rule', async () => {
    await using sidecar = await startWith({
      kind: 'redirect',
      route: 'r',
      status: 301,
      location: () => '/a\r\nb: c',
    });
    const client = sidecar.connect();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await said(client)).toContain(
      'x-weft-reason: NR; the redirect of route "r" leads to what is no location\r\n',
    );
  });

  test('has no body for HEAD, and the connection stays in step', async () => {
    await using sidecar = await startWith(HELLO);
    const client = sidecar.connect();
    client.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const both = (await client.until((text) => text.endsWith('hello'))).replace(/date: [^\r]*\r\n/g, '');
    expect(both).toBe(HELLO_TEXT.slice(0, -'hello'.length) + HELLO_TEXT);
  });

  test('tells a client of HTTP/1.0 that asks for it that the connection stays', async () => {
    await using sidecar = await startWith(HELLO);
    const client = sidecar.connect();
    const request = 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n';
    for (let i = 0; i < 2; i++) {
      client.send(request);
      expect(await said(client)).toBe(HELLO_TEXT.replace('\r\n\r\n', '\r\nconnection: keep-alive\r\n\r\n'));
    }
    client.send(request.replace(/C.*e\r\n/, ''));
    expect(await client.untilEnd()).toContain('\r\nconnection: close\r\n\r\nhello');
  });

  test('comes once per request, however its bytes are cut, bodies read over', async () => {
    await using sidecar = await startWith(HELLO);
    const client = sidecar.connect();
    const requests =
      'GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc' +
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n';
    for (const octet of requests) await new Promise((resolve) => client.socket.write(octet, resolve));
    for (let i = 0; i < 4; i++) expect(await said(client)).toBe(HELLO_TEXT);
  });

  test('a rewrite that leads nowhere is a failure of its rule', async () => {
    await using app = await startRawServer(answer);
    await using sidecar = await startWith(
      to(app, { rewrite: { path: () => 'nowhere', authority: undefined } }),
    );
    const client = sidecar.connect();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await said(client)).toContain(
      `the rewrite of route "default" does not lead to a path that starts with / (${HOP})\n`,
    );
    expect(app.accepted).toHaveLength(0);
  });
});

describe('a forwarded request and its response', () => {
  test('are edited both ways', async () => {
    await using app = await startRawServer((client) => client.text.includes('\r\n\r\n') && client.send(OK));
    await using sidecar = await startWith(
      to(app, {
        requestEdits: { ...NO_EDITS, remove: ['secret'], set: [{ name: 'who', value: 'me' }] },
        responseEdits: { ...NO_EDITS, remove: ['server'], add: [{ name: 'x-a', value: '1' }] },
        rewrite: { path: (path) => path.replace('/old', '/new'), authority: 'b.test' },
      }),
    );
    const client = sidecar.connect();
    client.send('GET /old/x?q HTTP/1.1\r\nHost: a.test\r\nSecret: 1\r\nWho: you\r\n\r\n');
    expect(await client.response()).toBe('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx-a: 1\r\n\r\nok');
    expect((await app.connection(0)).text).toMatch(
      /^GET \/new\/x\?q HTTP\/1\.1\r\nhost: b\.test\r\nx-envoy-original-path: \/old\/x\?q\r\nwho: me\r\nx-request-id/,
    );
  });

  test('are cut off when a body turns out malformed behind a head that was sent already', async () => {
    const nonsense = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n';
    await using app = await startRawServer((client) => client.send(nonsense));
    const long = 'x'.repeat(16_000);
    const add = Array.from({ length: 10 }, (_, i) => ({ name: `x-${i}`, value: long }));
    await using sidecar = await startWith(to(app, { responseEdits: { ...NO_EDITS, add } }));
    const client = sidecar.connect();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect((await client.untilEnd()).split('HTTP/1.1 ').length).toBeLessThanOrEqual(2);
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 200, flag: 'UPE' }]);
  });

  test('a failure is edited as well, and the next response is not when its route wants nothing', async () => {
    await using app = await startRawServer(answer);
    const responseEdits = { ...NO_EDITS, add: [{ name: 'x-a', value: '1' }] };
    const decisions = [{ ...to(app, { responseEdits }), cluster: new FakeCluster() }, to(app, {})];
    const table = tableOf(() => decisions.shift()!);
    const routes = () => ({ state: 'found' as const, value: table });
    await using sidecar = await startSidecar(targetOf({ cluster: new FakeCluster(), routes }));
    const client = sidecar.connect();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await client.response()).toMatch(
      /^HTTP\/1\.1 503 [\s\S]*\r\nx-a: 1\r\n\r\nno endpoint of app\.test/,
    );
    expect(await client.response()).toBe(OK);
  });

  test('informational responses pass as they are, a switch of protocols is edited', async () => {
    await using app = await startRawServer((client) => {
      if (client.text.endsWith('\r\n\r\n')) {
        client.text = '';
        client.send('HTTP/1.1 103 x\r\nServer: app\r\n\r\n');
        client.send('HTTP/1.1 101 x\r\nServer: app\r\nConnection: Upgrade\r\nUpgrade: w\r\n\r\nhello');
      } else if (client.text === 'bye') client.send('bye');
    });
    await using sidecar = await startWith(to(app, { responseEdits: { ...NO_EDITS, remove: ['server'] } }));
    const client = sidecar.connect();
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: w\r\n\r\n');
    await client.until((text) => text.endsWith('hello'));
    client.send('bye');
    expect(await client.until((text) => text.endsWith('bye'))).toBe(
      'HTTP/1.1 103 x\r\nServer: app\r\n\r\nHTTP/1.1 101 x\r\nUpgrade: w\r\nconnection: Upgrade\r\n\r\nhellobye',
    );
  });

  test('a head with long edits passes whole', async () => {
    const long = 'v'.repeat(90_000);
    await using app = await startRawServer((client) => {
      if (client.text.includes('\r\n\r\n'))
        client.send(`HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n${'b'.repeat(60_000)}`);
    });
    await using sidecar = await startWith(
      to(app, { responseEdits: { ...NO_EDITS, add: [{ name: 'x-long', value: long }] } }),
    );
    const client = sidecar.connect();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await client.response()).toBe(
      `HTTP/1.1 200 OK\r\nContent-Length: 60000\r\nx-long: ${long}\r\n\r\n${'b'.repeat(60_000)}`,
    );
  });
});

describe('CORS', () => {
  const cors: CorsPolicy = {
    allowsOrigin: (origin) => origin === 'https://ok.test',
    allowMethods: 'GET',
    allowHeaders: '',
    exposeHeaders: 'x-b',
    maxAge: '',
    allowCredentials: false,
    forwardUnmatchedPreflights: true,
  };

  test('a preflight is answered here, another request there', async () => {
    await using app = await startRawServer((client) => {
      if (!client.text.includes('\r\n\r\n')) return;
      client.text = '';
      client.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nAccess-Control-Allow-Origin: *\r\n\r\n');
    });
    await using sidecar = await startWith(to(app, { cors }));
    const client = sidecar.connect();
    const origin = 'Origin: https://ok.test\r\n';
    client.send(`OPTIONS / HTTP/1.1\r\nHost: a\r\n${origin}Access-Control-Request-Method: GET\r\n\r\n`);
    expect(await said(client)).toBe(
      'HTTP/1.1 200 OK\r\ncontent-length: 0\r\naccess-control-allow-origin: https://ok.test\r\naccess-control-allow-methods: GET\r\nserver: weft\r\n\r\n',
    );
    expect(app.accepted).toHaveLength(0);
    client.send(`GET / HTTP/1.1\r\nHost: a\r\n${origin}\r\n`);
    expect(await client.response()).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 0\r\naccess-control-allow-origin: https://ok.test\r\naccess-control-expose-headers: x-b\r\n\r\n',
    );
    client.send('OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: x\r\nAccess-Control-Request-Method: GET\r\n\r\n');
    expect(await client.response()).toContain('Access-Control-Allow-Origin: *');
    expect(sidecar.telemetry.requestsSeen.map(({ service, code }) => [service, code])).toEqual(
      Array(3).fill(['app.test', 200]),
    );
  });
});

describe('an injected fault', () => {
  const abort = { delay: undefined, abort: { status: 418, share: ALL } };
  const delay = { delay: { ms: 7_000, share: ALL }, abort: undefined };

  test('an abort reaches no endpoint', async () => {
    await using app = await startRawServer(answer);
    await using sidecar = await startWith(to(app, { fault: abort }));
    const client = sidecar.connect();
    client.send(
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n',
    );
    for (let i = 0; i < 2; i++) {
      expect(await client.response()).toMatch(
        /^HTTP\/1\.1 418 [\s\S]*x-weft-reason: FI; the fault rule of route "default" aborts/,
      );
    }
    expect(app.accepted).toHaveLength(0);
    expect(sidecar.telemetry.requestsSeen).toMatchObject(
      Array(2).fill({ code: 418, flag: 'FI', service: 'app.test' }),
    );
  });

  test('a delay holds the request and what is behind it, then all goes its way', async () => {
    const clock = new ManualClock();
    await using app = await startRawServer((client) => {
      if (!client.text.endsWith('abc') && !client.text.startsWith('GET')) return;
      client.text = '';
      client.send(OK);
    });
    await using sidecar = await startWith(to(app, { fault: delay }), clock);
    const client = sidecar.connect();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na');
    await expect.poll(() => sidecar.interception.connections()).toBe(1);
    client.send('b');
    client.send('cGET / HTTP/1.1\r\nHost: a\r\n\r\n');
    clock.advance(6_999);
    expect(app.accepted).toHaveLength(0);
    await expect.poll(() => later(clock, 7_000, client)).toBe(OK + OK);
    expect(sidecar.telemetry.requestsSeen).toMatchObject(Array(2).fill({ code: 200, flag: 'DI' }));
  });

  test('an abort can come late, and a body that is on its way is read over', async () => {
    const clock = new ManualClock();
    await using app = await startRawServer(answer);
    await using sidecar = await startWith(to(app, { fault: { ...delay, abort: abort.abort } }), clock);
    const client = sidecar.connect();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n');
    await expect.poll(() => later(clock, 7_000, client)).toContain('418');
    client.text = '';
    client.send('abcGET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => later(clock, 7_000, client)).toContain('418');
    expect(app.accepted).toHaveLength(0);
  });

  test.each(['', 'x'.repeat(30_000)])('a client that leaves meanwhile is forgotten', async (body) => {
    const clock = new ManualClock();
    await using app = await startRawServer(answer);
    await using sidecar = await startWith(to(app, { fault: delay }), clock);
    const client = sidecar.connect();
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n${body}`);
    await expect.poll(() => sidecar.interception.connections()).toBe(1);
    client.socket.destroy();
    await expect.poll(() => sidecar.interception.connections()).toBe(0);
    clock.advance(60_000);
    expect(app.accepted).toHaveLength(0);
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 0, flag: 'DI,DC', service: 'app.test' }]);
  });

  test("the caller's own time runs meanwhile", async () => {
    const clock = new ManualClock();
    await using app = await startRawServer(answer);
    await using sidecar = await startWith(to(app, { fault: delay }), clock);
    const client = sidecar.connect();
    client.send('GET / HTTP/1.1\r\nHost: a\r\nx-envoy-expected-rq-timeout-ms: 50\r\n\r\n');
    await expect.poll(() => later(clock, 50, client)).toMatch(/^HTTP\/1\.1 504 [\s\S]*x-weft-reason: DT;/);
    expect(clock.nowMs()).toBeLessThan(7_000);
    expect(app.accepted).toHaveLength(0);
  });
});
