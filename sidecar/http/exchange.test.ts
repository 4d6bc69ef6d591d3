import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { FakeCluster, FakeEndpoint, targetOf } from './testing/fakes.ts';
import { type Client, startRawServer, startSidecar } from './testing/sidecar-under-test.ts';

const GET = 'GET /a HTTP/1.1\r\nHost: app.test\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-App: a\r\n\r\nhello';

/** Answers every whole head with `response`. */
function answering(response: string): (client: Client) => void {
  return (client) => {
    while (client.text.includes('\r\n\r\n')) {
      client.text = client.text.slice(client.text.indexOf('\r\n\r\n') + 4);
      client.send(response);
    }
  };
}

/** A port that refuses connections. */
async function closedPort(): Promise<number> {
  const server = await startRawServer();
  await server[Symbol.asyncDispose]();
  return server.port;
}

describe('exchange', () => {
  test('forwards a request and its response, and keeps both connections', async () => {
    await using app = await startRawServer(answering(OK));
    const endpoint = new FakeEndpoint(app.port);
    await using sidecar = await startSidecar(targetOf({ cluster: new FakeCluster(endpoint) }));
    const client = sidecar.connect();
    for (let i = 0; i < 3; i++) {
      client.send(GET);
      expect(await client.response()).toBe(OK);
    }
    expect(app.accepted).toHaveLength(1);
    expect(endpoint.active).toBe(0);
    expect(endpoint.outcomes).toEqual(['success', 'success', 'success']);
    expect(sidecar.telemetry.requestsSeen).toEqual(
      Array(3).fill({
        reporter: 'source',
        peer: undefined,
        service: 'app.test',
        code: 200,
        flag: '-',
        requestBytes: GET.length,
        responseBytes: OK.length,
      }),
    );
  });

  test('serves pipelined requests in their order', async () => {
    await using app = await startRawServer((client) => {
      const path = /GET (\S+)/.exec(client.text)?.[1];
      if (path === undefined || !client.text.includes('\r\n\r\n')) return;
      client.text = '';
      client.send(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`);
    });
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    await using sidecar = await startSidecar(targetOf({ cluster }));
    const client = sidecar.connect();
    const paths = Array.from({ length: 50 }, (_, i) => `/${i}`);
    client.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
    for (const path of paths) expect(await client.response()).toMatch(new RegExp(`\r\n\r\n${path}$`));
  });

  test('passes 100-continue both ways, and other informational responses', async () => {
    await using app = await startRawServer();
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
    );
    const client = sidecar.connect();
    client.send('PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
    const upstream = await app.connection(0);
    expect(await upstream.until((text) => text.includes('\r\n\r\n'))).toContain('Expect: 100-continue\r\n');
    upstream.send('HTTP/1.1 100 Continue\r\n\r\n');
    await client.until((text) => text === 'HTTP/1.1 100 Continue\r\n\r\n');
    client.send('body');
    await upstream.until((text) => text.endsWith('\r\n\r\nbody'));
    upstream.send(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`);
    await client.until(
      (text) => text === `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`,
    );
    expect(sidecar.telemetry.requestsSeen.map(({ code, flag }) => [code, flag])).toEqual([[200, '-']]);
  });

  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n'],
  ])('%s with a response that has no body keeps the connection: %j', async (method, response) => {
    await using app = await startRawServer(answering(response));
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
    );
    const client = sidecar.connect();
    for (let i = 1; i <= 2; i++) {
      client.send(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
      await client.until((text) => text === response.repeat(i));
      await expect.poll(() => sidecar.telemetry.requestsSeen.length).toBe(i);
    }
    expect(app.accepted).toHaveLength(1);
  });

  test('does not let a 204 declare a length', async () => {
    await using app = await startRawServer(answering('HTTP/1.1 204 x\r\nContent-Length: 5\r\nA: b\r\n\r\n'));
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
    );
    const client = sidecar.connect();
    client.send(GET);
    await client.until((text) => text === 'HTTP/1.1 204 x\r\nA: b\r\n\r\n');
  });

  test('passes chunked bodies with extensions and trailers as they are', async () => {
    const chunks = '5;x=y\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n';
    const response = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`;
    await using app = await startRawServer((client) => {
      if (client.text.endsWith('0\r\nX-Sum: 1\r\n\r\n')) client.send(response);
    });
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
    );
    const client = sidecar.connect();
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`);
    await client.until((text) => text === response);
    expect((await app.connection(0)).text).toMatch(
      /Transfer-Encoding: chunked\r\n[\s\S]*\r\n\r\n5;x=y\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n$/,
    );
  });

  test('gives a body that ends with its connection to HTTP/1.1 in chunks, and keeps that connection', async () => {
    await using app = await startRawServer((client) => {
      if (!client.text.includes('\r\n\r\n')) return;
      client.send('HTTP/1.0 200 OK\r\n\r\nhello');
      client.socket.end();
    });
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
    );
    const client = sidecar.connect();
    const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n';
    client.send(GET);
    await client.until((text) => text === chunked);
    client.send(GET);
    await client.until((text) => text === chunked.repeat(2));
  });

  test('gives HTTP/1.0 bodies without chunks, and ends the connection behind them', async () => {
    const response =
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x\r\nlo\r\n0\r\nA: b\r\n\r\n';
    await using app = await startRawServer(answering(response));
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
    );
    const client = sidecar.connect();
    client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    expect(await client.untilEnd()).toBe('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello');
  });

  test.each([
    ['HTTP/1.0 closes', 'GET / HTTP/1.0\r\nHost: a\r\n\r\n', 'connection: close\r\n', true],
    [
      'HTTP/1.0 stays when asked',
      'GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n',
      'connection: keep-alive\r\n',
      false,
    ],
    ['HTTP/1.1 stays', GET, '', false],
    [
      'HTTP/1.1 closes when asked',
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      'connection: close\r\n',
      true,
    ],
  ])('%s', async (_, request, note, ends) => {
    await using app = await startRawServer(answering(OK));
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
    );
    const client = sidecar.connect();
    client.send(request);
    expect(await client.response()).toBe(OK.replace('\r\n\r\n', `\r\n${note}\r\n`));
    if (ends) expect(await client.untilEnd()).toBe('');
    else {
      client.send(GET);
      await client.response();
    }
    expect(app.accepted).toHaveLength(1);
  });

  test('keeps the client, and not the upstream, when the answer comes before the request is complete', async () => {
    await using app = await startRawServer();
    const endpoint = new FakeEndpoint(app.port);
    await using sidecar = await startSidecar(targetOf({ cluster: new FakeCluster(endpoint) }));
    const client = sidecar.connect();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello');
    const upstream = await app.connection(0);
    await upstream.until((text) => text.endsWith('hello'));
    upstream.send(OK);
    expect(await client.response()).toBe(OK);
    client.send('world');
    expect(await upstream.untilEnd()).toMatch(/helloworld$/);
    client.send(GET);
    const next = await app.connection(1);
    await next.until((text) => text.includes('\r\n\r\n'));
    next.send(OK);
    expect(await client.response()).toBe(OK);
    expect(endpoint.outcomes).toEqual(['success', 'success']);
  });

  test('keeps the client when the upstream closes after an early answer', async () => {
    await using app = await startRawServer((client, index) => {
      if (!client.text.includes('\r\n\r\n')) return;
      client.send(index === 0 ? OK.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n') : OK);
      if (index === 0) client.socket.end();
    });
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
    );
    const client = sidecar.connect();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello');
    expect(await client.response()).toBe(OK);
    client.send(`world${GET}`);
    expect(await client.response()).toBe(OK);
    expect(app.accepted).toHaveLength(2);
  });

  test('ends the client connection with an early answer when too much of the request is left', async () => {
    await using app = await startRawServer((client) => {
      if (client.text.includes('\r\n\r\n')) client.send(OK);
    });
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
    );
    const client = sidecar.connect();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\nhello');
    expect(await client.response()).toBe(OK.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'));
    expect(await client.untilEnd()).toBe('');
  });

  test('hears the answer of a server that refuses an upload and closes without reading it', async () => {
    const refusal = 'HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno';
    await using app = await startRawServer((client) => {
      if (!client.text.includes('\r\n\r\n')) return;
      client.socket.pause();
      client.socket.write(refusal, () => client.socket.destroy());
    });
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
    );
    const piece = 'x'.repeat(60_000);
    for (let i = 0; i < 20; i++) {
      const client = sidecar.connect();
      client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${100 * piece.length}\r\n\r\n`);
      for (let sent = 0; sent < 100 && !client.ended; sent++) client.send(piece);
      expect(await client.response()).toMatch(/^HTTP\/1\.1 413 [\s\S]*\r\n\r\nno$/);
      client.socket.destroy();
    }
  });

  test('ends the connection when the answer came and the body that waits for 100-continue may never come', async () => {
    await using app = await startRawServer(answering(OK));
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
    );
    const client = sidecar.connect();
    client.send('PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
    expect(await client.response()).toContain('connection: close\r\n');
  });

  test('becomes a tunnel after 101, half-close included', async () => {
    await using app = await startRawServer();
    const endpoint = new FakeEndpoint(app.port);
    await using sidecar = await startSidecar(targetOf({ cluster: new FakeCluster(endpoint) }));
    const client = sidecar.connect();
    client.send('GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly');
    const upstream = await app.connection(0);
    expect(await upstream.until((text) => text.includes('\r\n\r\n'))).toMatch(
      /Upgrade: echo\r\nconnection: Upgrade\r\n/,
    );
    upstream.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nfirst');
    const switched = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nconnection: Upgrade\r\n\r\nfirst';
    await client.until((text) => text === switched);
    await upstream.until((text) => text.endsWith('\r\n\r\nearly'));
    client.socket.end('last');
    await upstream.untilEnd();
    expect(upstream.text.endsWith('earlylast')).toBe(true);
    upstream.send('after');
    upstream.socket.end();
    expect(await client.untilEnd()).toBe(`${switched}after`);
    await expect.poll(() => sidecar.telemetry.requestsSeen.map(({ code }) => code)).toEqual([101]);
    expect(endpoint.outcomes).toEqual(['success']);
    expect(sidecar.interception.connections()).toBe(0);
  });

  test('an upgrade that is turned down is an ordinary response', async () => {
    await using app = await startRawServer(answering(OK));
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
    );
    const client = sidecar.connect();
    client.send('GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    expect(await client.response()).toBe(OK);
    client.send(GET);
    expect(await client.response()).toBe(OK);
  });

  test.each([
    ['switches protocols unasked', 'HTTP/1.1 101 x\r\nUpgrade: a\r\n\r\n'],
    ['has both lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['is another protocol', 'SSH-2.0-x\r\n'],
    ['has a bad first chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
  ])('a response that %s is 502', async (_, response) => {
    await using app = await startRawServer(answering(response));
    const endpoint = new FakeEndpoint(app.port);
    await using sidecar = await startSidecar(targetOf({ cluster: new FakeCluster(endpoint) }));
    const client = sidecar.connect();
    client.send(GET);
    const answer = await client.response();
    expect(answer).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
    expect(answer).toMatch(/x-weft-reason: UPE; the response of 127\.0\.0\.1:\d+ of app\.test /);
    expect(endpoint.outcomes).toEqual(['reset']);
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 502, flag: 'UPE' }]);
  });

  test.each([
    ['length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
  ])('a response cut off before its end is a reset, not an end: %s', async (_, response) => {
    await using app = await startRawServer();
    const endpoint = new FakeEndpoint(app.port);
    await using sidecar = await startSidecar(targetOf({ cluster: new FakeCluster(endpoint) }));
    const client = sidecar.connect();
    client.send(GET);
    const upstream = await app.connection(0);
    await upstream.until((text) => text.includes('\r\n\r\n'));
    upstream.send(response);
    await client.until((text) => text === response);
    upstream.socket.end();
    await client.untilEnd();
    expect(client.error).toMatchObject({ code: 'ECONNRESET' });
    expect(endpoint.outcomes).toEqual(['reset']);
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 200, flag: 'UC' }]);
  });

  test('a connection reset within a body that ends with it is no end', async () => {
    await using app = await startRawServer();
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
    );
    const client = sidecar.connect();
    client.send('GET / HTTP/1.0\r\n\r\n');
    const upstream = await app.connection(0);
    await upstream.until((text) => text.includes('\r\n\r\n'));
    upstream.send('HTTP/1.0 200 OK\r\n\r\nhello');
    await client.until((text) => text.endsWith('hello'));
    upstream.socket.resetAndDestroy();
    await client.untilEnd();
    expect(client.error).toMatchObject({ code: 'ECONNRESET' });
  });

  test('a client that goes away takes its request along', async () => {
    await using app = await startRawServer();
    const endpoint = new FakeEndpoint(app.port);
    await using sidecar = await startSidecar(targetOf({ cluster: new FakeCluster(endpoint) }));
    const client = sidecar.connect();
    client.send(GET);
    const upstream = await app.connection(0);
    await upstream.until((text) => text.includes('\r\n\r\n'));
    client.socket.destroy();
    await upstream.untilEnd();
    expect(endpoint.outcomes).toEqual(['cancelled']);
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 0, flag: 'DC' }]);
    expect(endpoint.active).toBe(0);
  });

  test('too late is 504, and the upstream is told by the end of its connection', async () => {
    await using app = await startRawServer();
    const endpoint = new FakeEndpoint(app.port);
    await using sidecar = await startSidecar(targetOf({ cluster: new FakeCluster(endpoint), timeoutMs: 50 }));
    const client = sidecar.connect();
    client.send(GET);
    const answer = await client.response();
    expect(answer).toMatch(/^HTTP\/1\.1 504 Gateway Timeout\r\n/);
    expect(answer).toMatch(
      /of app\.test did not answer within 50 ms \(outbound sidecar of client-1\.test\)\n$/,
    );
    await (await app.connection(0)).untilEnd();
    expect(endpoint.outcomes).toEqual(['timeout']);
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 504, flag: 'UT' }]);
    client.send(GET);
    expect(await client.response()).toMatch(/^HTTP\/1\.1 504 /);
  });

  test('the time for an answer begins with the end of the request', async () => {
    const clock = new ManualClock();
    await using app = await startRawServer();
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    await using sidecar = await startSidecar(targetOf({ cluster, timeoutMs: 50 }), 'outbound', clock);
    const client = sidecar.connect();
    client.send('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na');
    const upstream = await app.connection(0);
    await upstream.until((text) => text.endsWith('\r\n\r\na'));
    clock.advance(100);
    client.send('b');
    await upstream.until((text) => text.endsWith('\r\n\r\nab'));
    clock.advance(49);
    expect(client.text).toBe('');
    clock.advance(1);
    expect(await client.response()).toMatch(/^HTTP\/1.1 504 /);
  });

  test('too late within the body is a reset', async () => {
    await using app = await startRawServer(answering('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello'));
    const endpoint = new FakeEndpoint(app.port);
    await using sidecar = await startSidecar(targetOf({ cluster: new FakeCluster(endpoint), timeoutMs: 50 }));
    const client = sidecar.connect();
    client.send(GET);
    await client.untilEnd();
    expect(client.error).toMatchObject({ code: 'ECONNRESET' });
    expect(endpoint.outcomes).toEqual(['timeout']);
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 200, flag: 'UT' }]);
  });

  test('an endpoint that refuses is passed over, with head and body', async () => {
    await using app = await startRawServer((client) => {
      if (client.text.endsWith('body')) client.send(OK);
    });
    const [dead, alive] = [new FakeEndpoint(await closedPort()), new FakeEndpoint(app.port)];
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(dead, alive), attempts: 2 }),
    );
    const client = sidecar.connect();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody');
    expect(await client.response()).toBe(OK);
    expect([dead.outcomes, alive.outcomes]).toEqual([['connect-failure'], ['success']]);
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 200, flag: '-' }]);
  });

  test.each([
    [0, 'UF'],
    [2, 'URX,UF'],
  ])('503 when nothing takes a connection, with %i retries', async (attempts, flag) => {
    const endpoints = [new FakeEndpoint(await closedPort()), new FakeEndpoint(await closedPort())];
    await using sidecar = await startSidecar(targetOf({ cluster: new FakeCluster(...endpoints), attempts }));
    const client = sidecar.connect();
    client.send(GET);
    const answer = await client.response();
    expect(answer).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
    expect(answer).toMatch(
      /\n\r\ncannot connect to 127\.0\.0\.1:\d+ of app\.test: ECONNREFUSED( \(try 3 of 3\))? \(outbound sidecar of client-1\.test\)\n$/,
    );
    const tries = attempts + 1;
    expect(endpoints.reduce((sum, { begun }) => sum + begun, 0)).toBe(tries);
    expect(endpoints.every(({ active }) => active === 0)).toBe(true);
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 503, flag }]);
  });

  test('503 when there is no endpoint', async () => {
    await using sidecar = await startSidecar(targetOf({ cluster: new FakeCluster() }));
    const client = sidecar.connect();
    client.send(GET + GET);
    for (let i = 0; i < 2; i++) {
      expect(await client.response()).toMatch(/503 [\s\S]*UH; no endpoint of app\.test is available/);
    }
    expect(sidecar.telemetry.requestsSeen).toMatchObject(Array(2).fill({ code: 503, flag: 'UH' }));
  });

  test('a connect that takes too long is a connect failure', async () => {
    const cluster = new FakeCluster(new FakeEndpoint(9, '192.0.2.1'));
    cluster.connectTimeoutMs = 20;
    await using sidecar = await startSidecar(targetOf({ cluster }));
    const client = sidecar.connect();
    client.send(GET);
    expect(await client.response()).toMatch(/503 [\s\S]*UF; cannot connect to 192\.0\.2\.1:9/);
  });

  describe('a kept connection that closes before a response', () => {
    /** Serves one request on a first connection, then closes it at the next request; serves all of a second. */
    function forgetful(client: Client, index: number): void {
      if (!client.text.includes('\r\n\r\n')) return;
      client.text = '';
      if (index === 0 && client.socket.bytesWritten > 0) client.socket.destroy();
      else client.send(OK);
    }

    test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])('is replaced for %s', async (method) => {
      await using app = await startRawServer(forgetful);
      const endpoint = new FakeEndpoint(app.port);
      const cluster = new FakeCluster(endpoint);
      await using sidecar = await startSidecar(targetOf({ cluster }));
      const client = sidecar.connect();
      client.send(GET);
      await client.response();
      client.send(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
      await client.until((text) => text.startsWith('HTTP/1.1 200 OK'));
      expect(endpoint.outcomes.slice(0, 2)).toEqual(['success', 'reset']);
      expect(cluster.breakers.retried).toBe(1);
    });

    test('is replaced by one to another endpoint when its own has left the cluster', async () => {
      await using app = await startRawServer();
      await using other = await startRawServer(answering(OK));
      const gone = new FakeEndpoint(app.port);
      const cluster = new FakeCluster(gone);
      await using sidecar = await startSidecar(targetOf({ cluster }));
      const client = sidecar.connect();
      client.send(GET);
      const upstream = await app.connection(0);
      await upstream.until((text) => text.includes('GET'));
      upstream.send(OK);
      await client.response();
      client.send(GET);
      await upstream.until((text) => text.split('GET').length === 3);
      gone.removed = true;
      cluster.endpoints = [new FakeEndpoint(other.port)];
      upstream.socket.destroy();
      expect(await client.response()).toBe(OK);
      expect(other.accepted).toHaveLength(1);
    });

    test.each([
      ['POST', 'POST / HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['PUT with a body', 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx'],
      ['GET with a body', 'GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ])('is 503 for %s, which may have had an effect', async (_, request) => {
      await using app = await startRawServer(forgetful);
      const endpoint = new FakeEndpoint(app.port);
      await using sidecar = await startSidecar(targetOf({ cluster: new FakeCluster(endpoint), attempts: 2 }));
      const client = sidecar.connect();
      client.send(GET);
      await client.response();
      client.send(request);
      expect(await client.response()).toMatch(
        /503 [\s\S]*UC; 127\.0\.0\.1:\d+ of app\.test closed the connection/,
      );
      expect(endpoint.outcomes).toEqual(['success', 'reset']);
      expect(app.accepted).toHaveLength(1);
    });
  });

  test.each([
    ['may be tried again', GET, 3],
    ['may have been done, and is not', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n', 1],
  ])(
    'a new connection that closes before a response is 503; a request that %s',
    async (_, request, tries) => {
      await using app = await startRawServer((client) => client.socket.destroy());
      await using sidecar = await startSidecar(
        targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)), attempts: 2 }),
      );
      const client = sidecar.connect();
      client.send(request);
      expect(await client.response()).toMatch(/^HTTP\/1\.1 503 /);
      expect(app.accepted).toHaveLength(tries);
    },
  );

  test.each([
    ['ends while idle', (client: Client) => client.socket.end()],
    [
      'sends what nobody asked for',
      (client: Client) => client.send('HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n'),
    ],
  ])('a kept connection that %s is not used again', async (_, spoil) => {
    await using app = await startRawServer(answering(OK));
    const endpoint = new FakeEndpoint(app.port);
    await using sidecar = await startSidecar(targetOf({ cluster: new FakeCluster(endpoint) }));
    const client = sidecar.connect();
    client.send(GET);
    await client.response();
    const upstream = await app.connection(0);
    spoil(upstream);
    await upstream.untilEnd();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
    expect(await client.response()).toBe(OK);
    expect(app.accepted).toHaveLength(2);
    expect(endpoint.outcomes).toEqual(['success', 'success']);
  });

  test('bytes behind a response end its connection, and are nobody’s answer', async () => {
    await using app = await startRawServer((client) => {
      if (!client.text.includes('\r\n\r\n')) return;
      client.text = '';
      client.send(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret`);
    });
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
    );
    const client = sidecar.connect();
    for (let i = 0; i < 2; i++) {
      client.send(GET);
      expect(await client.response()).toBe(OK);
    }
    expect(app.accepted).toHaveLength(2);
  });

  test('inbound requests are counted by the caller that they name, and reach the app without that name', async () => {
    await using app = await startRawServer(answering(OK));
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
      'inbound',
    );
    const client = sidecar.connect();
    for (const caller of ['front', 'front', 'back']) {
      client.send(`GET / HTTP/1.1\r\nHost: a\r\nX-Envoy-Peer-Metadata: ${caller}\r\n\r\n`);
      await client.response();
    }
    client.send(GET);
    await client.response();
    const peers = sidecar.telemetry.requestsSeen.map(({ reporter, peer }) => [reporter, peer?.workload]);
    expect(peers).toEqual([
      ['destination', 'front'],
      ['destination', 'front'],
      ['destination', 'back'],
      ['destination', undefined],
    ]);
    await using other = await startRawServer();
    await using second = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(other.port)) }),
      'inbound',
    );
    second.connect().send('GET / HTTP/1.1\r\nHost: a\r\nX-Envoy-Peer-Metadata: front\r\n\r\n');
    const seen = await (await other.connection(0)).until((text) => text.includes('\r\n\r\n'));
    expect(seen.toLowerCase()).not.toContain('peer-metadata');
  });
});
