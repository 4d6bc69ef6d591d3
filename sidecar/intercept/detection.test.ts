import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { FakeCluster, FakeEndpoint, targetOf } from '#sidecar/http/testing/fakes.ts';
import {
  type Client,
  type RawServer,
  type SidecarUnderTest,
  startRawServer,
  startSidecar,
} from '#sidecar/http/testing/sidecar-under-test.ts';
import { CLIENT_FIRST_MS, FIRST_LINE_PAUSE_MS } from './detection.ts';

const GET = 'GET /a HTTP/1.1\r\nHost: app.test\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

function answerHttp(client: Client): void {
  if (!client.text.includes('\r\n\r\n')) return;
  client.text = '';
  client.send(OK);
}

interface World extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly app: RawServer;
  readonly endpoint: FakeEndpoint;
  readonly sidecar: SidecarUnderTest;
}

/** A sidecar on a clock that stands still, in front of one app. */
async function world(
  direction: 'outbound' | 'inbound' = 'outbound',
  onData?: (client: Client) => void,
): Promise<World> {
  const clock = new ManualClock();
  const app = await startRawServer(onData);
  const endpoint = new FakeEndpoint(app.port);
  const target = targetOf({ protocol: 'detect', cluster: new FakeCluster(endpoint) });
  const sidecar = await startSidecar(target, direction, clock);
  return {
    clock,
    app,
    endpoint,
    sidecar,
    async [Symbol.asyncDispose]() {
      await sidecar[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
    },
  };
}

/** What was written on loopback has been read. */
async function nextTurn(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

async function captured(sidecar: SidecarUnderTest, connections = 1): Promise<void> {
  await expect.poll(() => sidecar.interception.connections(), { interval: 5 }).toBe(connections);
}

describe.each(['outbound', 'inbound'] as const)('detection, %s', (direction) => {
  test('HTTP bytes are HTTP at once', async () => {
    await using w = await world(direction, answerHttp);
    const client = w.sidecar.connect();
    client.send(GET);
    expect(await client.response()).toBe(OK);
    expect(w.sidecar.telemetry.requestsSeen).toMatchObject([{ code: 200 }]);
    expect(w.sidecar.telemetry.tcpSeen).toEqual([]);
  });

  test('a request line that comes byte by byte is still HTTP', async () => {
    await using w = await world(direction, answerHttp);
    const client = w.sidecar.connect();
    for (const octet of GET) {
      await new Promise((resolve) => client.socket.write(octet, resolve));
      w.clock.advance(1);
    }
    expect(await client.response()).toBe(OK);
    expect(w.sidecar.telemetry.tcpSeen).toEqual([]);
  });

  test.each([
    ['another protocol', '\x16\x03\x01\x02\x00'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a word of another protocol', 'GET key\r\n'],
    ['lower case', 'hello\r\n'],
  ])('%s is opaque at once', async (_, bytes) => {
    await using w = await world(direction);
    const client = w.sidecar.connect();
    client.send(bytes);
    const server = await w.app.connection(0);
    await server.until((text) => text === bytes);
    server.send('answer');
    await client.until((text) => text === 'answer');
    client.socket.end();
    server.socket.end();
    await captured(w.sidecar, 0);
    expect(w.sidecar.telemetry.tcpSeen).toEqual([
      { service: 'app.test', opened: 1, flags: ['-'], sent: bytes.length, received: 6 },
    ]);
    expect(w.endpoint.outcomes).toEqual(['success']);
  });

  test('a server that speaks first is heard, after a moment of silence', async () => {
    await using w = await world(direction);
    const client = w.sidecar.connect();
    await captured(w.sidecar);
    w.clock.advance(CLIENT_FIRST_MS - 1);
    expect(w.endpoint.begun).toBe(0);
    w.clock.advance(1);
    const server = await w.app.connection(0);
    server.send('220 ready\r\n');
    await client.until((text) => text === '220 ready\r\n');
    client.send('HELO\r\n');
    await server.until((text) => text === 'HELO\r\n');
    expect(w.sidecar.telemetry.tcpSeen).toMatchObject([{ opened: 1, received: 11, sent: 6 }]);
  });

  test('and its next client does not wait for that moment', async () => {
    await using w = await world(direction);
    const first = w.sidecar.connect();
    await captured(w.sidecar);
    w.clock.advance(CLIENT_FIRST_MS);
    (await w.app.connection(0)).send('220\r\n');
    await first.until((text) => text === '220\r\n');
    const second = w.sidecar.connect();
    (await w.app.connection(1)).send('220\r\n');
    await second.until((text) => text === '220\r\n');
  });

  test('the connection made in silence serves the requests of a late HTTP client', async () => {
    await using w = await world(direction, answerHttp);
    const client = w.sidecar.connect();
    await captured(w.sidecar);
    w.clock.advance(CLIENT_FIRST_MS);
    await w.app.connection(0);
    await expect.poll(() => w.endpoint.active).toBe(1);
    client.send(GET);
    expect(await client.response()).toBe(OK);
    expect(w.app.accepted).toHaveLength(1);
    expect(w.endpoint.outcomes).toEqual(['cancelled', 'success']);
    expect(w.endpoint.active).toBe(0);
  });

  test('and the bytes of a late client of another protocol', async () => {
    await using w = await world(direction);
    const client = w.sidecar.connect();
    await captured(w.sidecar);
    w.clock.advance(CLIENT_FIRST_MS);
    const server = await w.app.connection(0);
    client.send('\x01\x02');
    await server.until((text) => text === '\x01\x02');
    expect(w.app.accepted).toHaveLength(1);
  });

  test('a client that stops within its first line is opaque after a while', async () => {
    await using w = await world(direction);
    const client = w.sidecar.connect();
    client.send('QUIT');
    await captured(w.sidecar);
    await expect
      .poll(() => {
        w.clock.advance(FIRST_LINE_PAUSE_MS);
        return w.app.accepted.length;
      })
      .toBe(1);
    await (await w.app.connection(0)).until((text) => text === 'QUIT');
  });

  test('a client that brings its first line in pieces without end is judged by what has come', async () => {
    await using w = await world(direction);
    const client = w.sidecar.connect();
    client.send('GET /');
    await captured(w.sidecar);
    let pieces = 0;
    while (w.app.accepted.length === 0 && pieces < 100) {
      await new Promise((resolve) => client.socket.write('a', resolve));
      await nextTurn();
      w.clock.advance(FIRST_LINE_PAUSE_MS - 1);
      pieces += 1;
    }
    expect(pieces).toBeLessThan(100);
  });

  test('a client that ends without a word is opaque, and hears the server', async () => {
    await using w = await world(direction);
    const client = w.sidecar.connect();
    client.socket.end();
    const server = await w.app.connection(0);
    await server.untilEnd();
    server.send('daytime');
    server.socket.end();
    expect(await client.untilEnd()).toBe('daytime');
  });

  test('a client that goes away leaves nothing behind', async () => {
    await using w = await world(direction);
    const client = w.sidecar.connect();
    await captured(w.sidecar);
    w.clock.advance(CLIENT_FIRST_MS);
    const server = await w.app.connection(0);
    await expect.poll(() => w.endpoint.active).toBe(1);
    client.socket.resetAndDestroy();
    await server.untilEnd();
    await captured(w.sidecar, 0);
    expect(w.endpoint.active).toBe(0);
    expect(w.endpoint.outcomes).toEqual(['cancelled']);
  });

  test('a silent client is reset when the server cannot be reached', async () => {
    await using w = await world(direction);
    await w.app[Symbol.asyncDispose]();
    const client = w.sidecar.connect();
    await captured(w.sidecar);
    w.clock.advance(CLIENT_FIRST_MS);
    await client.untilEnd();
    expect(client.error).toMatchObject({ code: 'ECONNRESET' });
    expect(w.endpoint.outcomes).toEqual(['connect-failure']);
    await captured(w.sidecar, 0);
  });
});
