import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import type { Lookup } from '#sidecar/discovery/lookup.ts';
import type { RequestView } from '#sidecar/routing/request-view.ts';
import type { RouteTable } from '#sidecar/routing/route-table.ts';
import { DRAIN_IDLE_MS } from './limits.ts';
import { DOWNSTREAM_IDLE_MS, HEAD_TIMEOUT_MS } from './server-limits.ts';
import { FakeCluster, FakeEndpoint, forwardTo, tableOf, targetOf } from './testing/fakes.ts';
import { type Client, startRawServer, startSidecar } from './testing/sidecar-under-test.ts';

const GET = 'GET /a HTTP/1.1\r\nHost: app.test\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

function answer(client: Client): void {
  while (client.text.includes('\r\n\r\n')) {
    client.text = client.text.slice(client.text.indexOf('\r\n\r\n') + 4);
    client.send(OK);
  }
}

const NOWHERE = new FakeCluster();

describe('server connection', () => {
  test.each([
    [
      'both lengths',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['a bare LF', 'GET / HTTP/1.1\nHost: a\n\n', 400],
    [
      'a bad chunk',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n',
      400,
    ],
    ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n', 405],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
    ['too long a head', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(70_000)}\r\n\r\n`, 431],
    ['too many lines', `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(101)}\r\n`, 431],
    ['too long a target', `GET /${'y'.repeat(70_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
  ])('refuses %s, ends the connection, and serves nothing behind it', async (_, request, status) => {
    await using app = await startRawServer(answer);
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
    );
    const client = sidecar.connect();
    client.send(request + GET);
    const text = await client.untilEnd();
    expect(text).toMatch(
      new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*x-weft-reason: DPE; the request has|asks|is not`),
    );
    expect(text.match(/HTTP\/1\.1 \d+ /g)).toHaveLength(1);
    expect(text).toContain('connection: close\r\n');
    expect(app.accepted).toHaveLength(0);
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: status, flag: 'DPE', service: 'unknown' }]);
  });

  test('a request whose body turns out to be malformed is refused, and its upstream dropped', async () => {
    await using app = await startRawServer();
    const endpoint = new FakeEndpoint(app.port);
    await using sidecar = await startSidecar(targetOf({ cluster: new FakeCluster(endpoint) }));
    const client = sidecar.connect();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
    const upstream = await app.connection(0);
    await upstream.until((text) => text.endsWith('hello\r\n'));
    client.send('-1\r\n');
    expect(await client.untilEnd()).toMatch(
      /^HTTP\/1\.1 400 [\s\S]*has an invalid chunk size \(outbound sidecar of client-1\.test\)\n$/,
    );
    await upstream.untilEnd();
    expect(endpoint.outcomes).toEqual(['cancelled']);
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 400, flag: 'DPE', service: 'app.test' }]);
  });

  test('bytes that come one at a time make the same requests', async () => {
    await using app = await startRawServer(answer);
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
    );
    const client = sidecar.connect();
    for (const octet of `\r\n${GET}POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc${GET}`) {
      await new Promise((resolve) => client.socket.write(octet, resolve));
    }
    for (let i = 0; i < 3; i++) expect(await client.response()).toBe(OK);
  });

  test('routes by what the request says', async () => {
    const seen: string[] = [];
    const read = (request: RequestView): void => {
      seen.push(
        [
          request.method,
          request.authority,
          request.path,
          request.header('x-user'),
          request.header('none'),
        ].join(' '),
      );
    };
    const routes: Lookup<RouteTable> = {
      state: 'found',
      value: tableOf((request) => {
        read(request);
        return { kind: 'reject', status: 404, flag: 'NR', reason: 'no route for é\r\nX: y' };
      }),
    };
    await using sidecar = await startSidecar(targetOf({ cluster: NOWHERE, routes: () => routes }));
    const client = sidecar.connect();
    client.send('GET /p?q HTTP/1.1\r\nHost: App.Test:80\r\nX-User: a\r\nx-user: b\r\n\r\n');
    expect(await client.response()).toMatch(
      /^HTTP\/1\.1 404 Not Found\r\n[\s\S]*x-weft-reason: NR; no route for \?\?\?X: y\r\n[\s\S]*\r\n\r\nno route for \?\?\?X: y \(outbound sidecar of client-1\.test\)\n$/,
    );
    client.send('PUT http://Other.Test HTTP/1.1\r\nHost: app.test\r\n\r\n');
    await client.response();
    client.send('HEAD / HTTP/1.0\r\n\r\n');
    expect(await client.untilEnd()).toMatch(/\r\n\r\n$/);
    expect(seen).toEqual(['GET app.test:80 /p?q a, b ', 'PUT other.test /  ', 'HEAD 10.96.0.10:80 /  ']);
  });

  test('waits for routes that are being fetched, then serves all that came meanwhile', async () => {
    await using app = await startRawServer(answer);
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    const { promise, resolve } = Promise.withResolvers<void>();
    let routes: Lookup<RouteTable> = { state: 'fetching', settled: promise };
    await using sidecar = await startSidecar(targetOf({ cluster, routes: () => routes }));
    const client = sidecar.connect();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo');
    await expect.poll(() => sidecar.interception.connections()).toBe(1);
    client.send(`dy${GET}`);
    routes = { state: 'found', value: tableOf(() => forwardTo(cluster)) };
    resolve();
    for (let i = 0; i < 2; i++) expect(await client.response()).toBe(OK);
  });

  test('404 when there are no routes', async () => {
    await using sidecar = await startSidecar(
      targetOf({ cluster: NOWHERE, routes: () => ({ state: 'absent' }) }),
    );
    const client = sidecar.connect();
    client.send(GET);
    expect(await client.response()).toMatch(/^HTTP\/1\.1 404 [\s\S]*NR; there are no routes for test-target/);
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 404, flag: 'NR', service: 'unknown' }]);
  });

  test('reads the body of a refused request and goes on', async () => {
    await using sidecar = await startSidecar(targetOf({ cluster: NOWHERE }));
    const client = sidecar.connect();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello');
    expect(await client.response()).toMatch(/^HTTP\/1\.1 503 /);
    client.send(`world${GET}`);
    expect(await client.response()).toMatch(/^HTTP\/1\.1 503 /);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe');
    expect(await client.response()).toMatch(/^HTTP\/1\.1 503 /);
    client.send(`llo\r\n0\r\n\r\n${GET}`);
    expect(await client.response()).not.toContain('connection: close');
  });

  test('a client that pipelines without reading is not read without end', async () => {
    await using sidecar = await startSidecar(targetOf({ cluster: NOWHERE }));
    const client = sidecar.connect();
    client.socket.pause();
    let accepted = 0;
    const batch = GET.repeat(1000);
    while (accepted < 50_000 && client.socket.write(batch)) accepted += 1000;
    const before = process.memoryUsage().rss;
    await expect.poll(() => client.socket.writableLength, { interval: 20 }).toBeGreaterThan(0);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
    const requests = accepted + 1000;
    client.socket.resume();
    await client.until((text) => text.split('HTTP/1.1 503').length > requests);
  });

  describe('in time', () => {
    test('a head that does not come to its end is 408', async () => {
      const clock = new ManualClock();
      await using sidecar = await startSidecar(targetOf({ cluster: NOWHERE }), 'outbound', clock);
      const client = sidecar.connect();
      client.send(`${GET}GET / HTTP/1.1\r\nHo`);
      await client.response();
      clock.advance(HEAD_TIMEOUT_MS - 1);
      client.send('st: a\r\n');
      client.send(''.padEnd(100, 'x'));
      await expect.poll(() => client.socket.writableLength).toBe(0);
      clock.advance(1);
      expect(await client.untilEnd()).toMatch(/HTTP\/1\.1 408 [\s\S]*connection: close/);
    });

    test('an idle connection is closed, one in use is not', async () => {
      const clock = new ManualClock();
      await using app = await startRawServer();
      const endpoint = new FakeEndpoint(app.port);
      await using sidecar = await startSidecar(
        targetOf({ cluster: new FakeCluster(endpoint) }),
        'outbound',
        clock,
      );
      const [idle, busy] = [sidecar.connect(), sidecar.connect()];
      busy.send(GET);
      const upstream = await app.connection(0);
      await upstream.until((text) => text.includes('\r\n\r\n'));
      await expect.poll(() => sidecar.interception.connections()).toBe(2);
      clock.advance(DOWNSTREAM_IDLE_MS);
      expect(await idle.untilEnd()).toBe('');
      upstream.send(OK);
      expect(await busy.response()).toBe(OK);
    });
  });

  describe('draining', () => {
    test('ends connections with their next response, and idle ones after a moment', async () => {
      await using app = await startRawServer();
      await using sidecar = await startSidecar(
        targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
      );
      const [idle, busy] = [sidecar.connect(), sidecar.connect()];
      busy.send(GET);
      const upstream = await app.connection(0);
      await upstream.until((text) => text.includes('\r\n\r\n'));
      await expect.poll(() => sidecar.interception.connections()).toBe(2);
      const drained = sidecar.interception.drain(60_000);
      expect(await idle.untilEnd()).toBe('');
      idle.socket.end();
      const late = sidecar.connect();
      late.send(GET);
      const second = await app.connection(1);
      await second.until((text) => text.includes('\r\n\r\n'));
      for (const each of [upstream, second]) each.send(OK);
      for (const each of [busy, late]) {
        expect(await each.untilEnd()).toBe(OK.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'));
        each.socket.end();
      }
      await drained;
      expect(sidecar.interception.connections()).toBe(0);
    });

    test('a request that comes to an idle connection meanwhile is served', async () => {
      const clock = new ManualClock();
      await using app = await startRawServer(answer);
      await using sidecar = await startSidecar(
        targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
        'outbound',
        clock,
      );
      const client = sidecar.connect();
      client.send(GET);
      await client.response();
      void sidecar.interception.drain(60_000);
      clock.advance(DRAIN_IDLE_MS - 1);
      client.send(GET);
      expect(await client.untilEnd()).toContain('connection: close\r\n');
    });

    test.each([
      ['speaks is served', GET, /^HTTP\/1\.1 200 OK\r\n.*connection: close\r\n/s],
      ['stays silent is let go', '', /^$/],
    ])('a client that has just come and %s', async (_, said, heard) => {
      await using app = await startRawServer(answer);
      const cluster = new FakeCluster(new FakeEndpoint(app.port));
      await using sidecar = await startSidecar(targetOf({ protocol: 'detect', cluster }));
      const client = sidecar.connect();
      await expect.poll(() => sidecar.interception.connections()).toBe(1);
      const drained = sidecar.interception.drain(60_000);
      client.send(said);
      expect(await client.untilEnd()).toMatch(heard);
      client.socket.end();
      await drained;
    });

    test('gives up when its time is over', async () => {
      await using app = await startRawServer();
      await using sidecar = await startSidecar(
        targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
      );
      sidecar.connect().send(GET);
      await app.connection(0);
      await sidecar.interception.drain(50);
      expect(sidecar.interception.connections()).toBe(1);
    });
  });
});
