/** What a listener allows its connections: what is within a limit passes, what is beyond it is cut off and says which limit it was. */
import { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import type { RouteDecision } from '#sidecar/routing/route-table.ts';
import { DRAIN_IDLE_MS, PIPELINED_BYTES } from './limits.ts';
import { type ServerLimits, SLOW_CLIENT_MS } from './server-limits.ts';
import { FakeCluster, FakeEndpoint, forwardTo, tableOf, targetOf } from './testing/fakes.ts';
import { serveBy } from './testing/lone-connection.ts';
import {
  type Client,
  type RawServer,
  type SidecarUnderTest,
  startRawServer,
  startSidecar,
} from './testing/sidecar-under-test.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

interface Stage {
  readonly clock: ManualClock;
  readonly app: RawServer;
  readonly sidecar: SidecarUnderTest;
  readonly client: Client;
}

/** A client, a sidecar with `limits` and an app; each request that the app has whole is answered if it `answers`. */
async function withLimits(
  limits: Partial<ServerLimits>,
  answers: boolean,
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const clock = new ManualClock();
  await using app = await startRawServer((connection) => {
    const whole = /\r\n\r\n$/.test(connection.text) || /content-length/i.test(connection.text);
    if (!answers || !whole) return;
    connection.text = '';
    connection.send(OK);
  });
  const cluster = new FakeCluster(new FakeEndpoint(app.port));
  await using sidecar = await startSidecar(targetOf({ cluster, limits }), 'inbound', clock);
  const client = sidecar.connect();
  await expect.poll(() => sidecar.interception.connections()).toBe(1);
  await play({ clock, app, sidecar, client });
}

/** A head of exactly so many bytes. */
function headOf(bytes: number): string {
  const bare = 'GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n'.length;
  return `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(bytes - bare)}\r\n\r\n`;
}

function linesOf(lines: number): string {
  return `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(lines - 1)}\r\n`;
}

function targetOfLength(bytes: number): string {
  return `GET /${'a'.repeat(bytes - 1)} HTTP/1.1\r\nHost: a\r\n\r\n`;
}

function bodyOf(bytes: number): string {
  return `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n${'b'.repeat(bytes)}`;
}

function chunkedBodyOf(bytes: number): string {
  return `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nb\r\n'.repeat(bytes)}0\r\n\r\n`;
}

/** What the client has read, after some more time. */
function decided(client: Client, clock: ManualClock): string {
  clock.advance(500);
  return client.text;
}

describe('sizes', () => {
  const kib = 1024;
  test.each<[string, Partial<ServerLimits>, string, RegExp]>([
    ['a head as long as may be', { maxHeadBytes: kib }, headOf(kib), / 200 /],
    [
      'a longer one',
      { maxHeadBytes: kib },
      headOf(kib + 1),
      / 431 [\s\S]*DPE; the request has a head above 1 KiB \(max_request_headers_kb\)/,
    ],
    ['one that never ends', { maxHeadBytes: kib }, headOf(2 * kib).slice(0, -2), / 431 /],
    ['empty lines without end', {}, '\r\n'.repeat(9), / 400 /],
    ['a head beyond the default', { maxHeadBytes: 100 * kib }, headOf(100 * kib), / 200 /],
    ['a longer one of those', { maxHeadBytes: 100 * kib }, headOf(100 * kib + 1), / 431 /],
    ['the default length', {}, headOf(60 * kib), / 200 /],
    ['more than the default length', {}, headOf(60 * kib + 1), / 431 /],
    ['as many lines as may be', { maxHeadLines: 3 }, linesOf(3), / 200 /],
    [
      'more lines',
      { maxHeadLines: 3 },
      linesOf(4),
      / 431 [\s\S]*has more than 3 header lines \(max_headers_count\)/,
    ],
    ['more lines than the default', { maxHeadLines: 200 }, linesOf(200), / 200 /],
    ['the default number of lines', {}, linesOf(100), / 200 /],
    ['more than the default number', {}, linesOf(101), / 431 /],
    ['a target as long as may be', { maxHeadBytes: kib }, targetOfLength(kib / 2), / 200 /],
    ['a longer one', { maxHeadBytes: kib }, targetOfLength(kib / 2 + 1), / 414 [\s\S]*above 0\.5 KiB/],
    ['a body as long as may be', { maxBodyBytes: 5 }, bodyOf(5), / 200 /],
    [
      'a longer one, before its first byte',
      { maxBodyBytes: 5 },
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n',
      / 413 [\s\S]*has a body above 5 bytes \(max_request_bytes\)/,
    ],
    ['chunks as long as may be', { maxBodyBytes: 5 }, chunkedBodyOf(5), / 200 /],
    ['chunks that are longer', { maxBodyBytes: 5 }, chunkedBodyOf(6), / 413 /],
    ['a body without a limit', {}, bodyOf(300_000), / 200 /],
  ])('%s', async (_, limits, request, expected) => {
    await withLimits(limits, true, async ({ client }) => {
      client.send(request);
      expect(await client.response()).toMatch(expected);
    });
  });

  test('a body that grows beyond its limit takes its upstream request with it', async () => {
    await withLimits({ maxBodyBytes: 5 }, false, async ({ client, app, sidecar }) => {
      client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
      const upstream = await app.connection(0);
      await upstream.until((text) => text.includes('abc'));
      client.send('3\r\ndef\r\n');
      expect(await client.response()).toMatch(/ 413 [\s\S]*connection: close/);
      await upstream.untilEnd();
      expect(upstream.text).not.toContain('def');
      expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 413, flag: 'DPE' }]);
    });
  });
});

describe('counts', () => {
  test('the last request that a connection may carry ends it', async () => {
    await withLimits({ maxRequests: 2 }, true, async ({ client }) => {
      client.send(GET);
      expect(await client.response()).not.toContain('connection: close');
      client.send(GET + GET);
      expect(await client.untilEnd()).toMatch(/^HTTP\/1\.1 200 [\s\S]*connection: close\r\n\r\nok$/);
    });
  });
});

describe('pipelining', () => {
  test('while a request is under way, no more is read ahead than one read brings', () => {
    const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    const connection = serveBy(socket, new FakeCluster(new FakeEndpoint(1)), new ManualClock());
    const first = Buffer.from(GET);
    connection.onBytes(first, first.length);
    expect(socket.isPaused()).toBe(false);
    const ahead = Buffer.from(GET.repeat(PIPELINED_BYTES / GET.length));
    connection.onBytes(ahead, ahead.length);
    expect(socket.isPaused()).toBe(true);
    socket.destroy();
  });

  test('what was read ahead is answered in order, then more is read', async () => {
    await withLimits({}, true, async ({ client, app }) => {
      const requests = Math.ceil((3 * PIPELINED_BYTES) / GET.length);
      client.send(GET.repeat(requests));
      await client.until((text) => text.length >= requests * OK.length);
      expect(client.text).toBe(OK.repeat(requests));
      expect(app.accepted).toHaveLength(1);
    });
  });
});

describe('times', () => {
  /** Each advances to just before the limit, where nothing has happened, and then beyond it. */
  const limitMs = 8_000;
  /** How much later a wait may end that is looked after now and then. */
  const lookMs = limitMs / 8;

  test('a head that does not come to its end', async () => {
    await withLimits({ headTimeoutMs: limitMs }, true, async ({ client, clock, sidecar }) => {
      client.send(`${GET}GET / HTTP/1.1\r\nHo`);
      await client.response();
      clock.advance(limitMs - 1);
      expect(client.text).toBe('');
      clock.advance(1);
      expect(await client.untilEnd()).toMatch(/ 408 [\s\S]*within 8000 ms \(request_headers_timeout\)/);
      expect(sidecar.telemetry.requestsSeen[1]).toMatchObject({ code: 408, flag: 'DPE' });
    });
  });

  test('a head may take as long as it likes where that is said', async () => {
    await withLimits({ headTimeoutMs: 0, idleMs: 0 }, true, async ({ client, clock }) => {
      client.send(`${GET}GET / HTTP/1.1\r\nHo`);
      await client.response();
      clock.advance(86_400_000);
      client.send('st: a\r\n\r\n');
      expect(await client.response()).toBe(OK);
    });
  });

  test('a request that does not come whole', async () => {
    await withLimits({ requestTimeoutMs: limitMs }, false, async ({ client, clock, app, sidecar }) => {
      client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc');
      const upstream = await app.connection(0);
      await upstream.until((text) => text.endsWith('abc'));
      clock.advance(limitMs - 1);
      client.send('d');
      await upstream.until((text) => text.endsWith('d'));
      expect(client.text).toBe('');
      clock.advance(1);
      expect(await client.response()).toMatch(
        / 408 [\s\S]*DT; the request did not come whole within 8000 ms/,
      );
      await upstream.untilEnd();
      expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 408, flag: 'DT' }]);
    });
  });

  test('a request that came whole may wait for its response', async () => {
    await withLimits({ requestTimeoutMs: limitMs }, false, async ({ client, clock, app }) => {
      client.send(bodyOf(3));
      const upstream = await app.connection(0);
      await upstream.until((text) => text.endsWith('bbb'));
      clock.advance(10 * limitMs);
      upstream.send(OK);
      expect(await client.response()).toBe(OK);
    });
  });

  test.each<[string, string, string, RegExp]>([
    ['a request without its response', bodyOf(3), 'bbb', / 504 [\s\S]*SI; neither side sent a byte/],
    [
      'a body that stands still',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nbbb',
      'bbb',
      / 408 [\s\S]*SI; the client sent no byte for \d+ ms \(stream_idle_timeout\)/,
    ],
  ])('%s is a stream that is idle', async (_, request, sent, expected) => {
    await withLimits({ streamIdleMs: limitMs }, false, async ({ client, clock, app, sidecar }) => {
      client.send(request);
      const upstream = await app.connection(0);
      await upstream.until((text) => text.endsWith(sent));
      clock.advance(limitMs - 1);
      expect(client.text).toBe('');
      clock.advance(1 + 2 * lookMs);
      expect(await client.response()).toMatch(expected);
      await upstream.untilEnd();
      expect(sidecar.telemetry.requestsSeen).toMatchObject([{ flag: 'SI' }]);
    });
  });

  test('bytes of the body keep a stream alive, and so do those of the response', async () => {
    await withLimits({ streamIdleMs: limitMs }, false, async ({ client, clock, app }) => {
      client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n');
      const upstream = await app.connection(0);
      for (let bytes = 1; bytes <= 6; bytes++) {
        client.send('b');
        await upstream.until((text) => text.endsWith('\r\n\r\n'.padEnd(4 + bytes, 'b')));
        clock.advance(limitMs - lookMs);
      }
      upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n');
      for (let bytes = 1; bytes <= 6; bytes++) {
        upstream.send('r');
        await client.until((text) => text.endsWith('\r\n\r\n'.padEnd(4 + bytes, 'r')));
        clock.advance(limitMs - lookMs);
      }
    });
  });

  test('a response that stands still is cut off', async () => {
    await withLimits({ streamIdleMs: limitMs }, false, async ({ client, clock, app, sidecar }) => {
      client.send(GET);
      const upstream = await app.connection(0);
      await upstream.until((text) => text.endsWith('\r\n\r\n'));
      upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc');
      await client.until((text) => text.endsWith('abc'));
      clock.advance(limitMs + 2 * lookMs);
      await client.untilEnd();
      expect(client.error).toMatchObject({ code: 'ECONNRESET' });
      expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 200, flag: 'SI' }]);
    });
  });

  test.each<[string, Partial<ServerLimits>, string]>([
    ['stands still', { streamIdleMs: limitMs }, 'SI'],
    ['takes too long', { maxStreamMs: limitMs }, 'DT'],
  ])('a tunnel that %s is closed on both sides', async (_, limits, flag) => {
    await withLimits(limits, false, async ({ client, clock, app, sidecar }) => {
      client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      const upstream = await app.connection(0);
      await upstream.until((text) => text.endsWith('\r\n\r\n'));
      upstream.send('HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello');
      await client.until((text) => text.endsWith('hello'));
      clock.advance(limitMs - lookMs);
      expect(client.ended).toBe(false);
      clock.advance(3 * lookMs);
      await Promise.all([client.untilEnd(), upstream.untilEnd()]);
      await expect.poll(() => sidecar.telemetry.requestsSeen).toMatchObject([{ code: 101, flag }]);
    });
  });

  test('a tunnel in which one side speaks stands', async () => {
    await withLimits({ streamIdleMs: limitMs }, false, async ({ client, clock, app }) => {
      client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      const upstream = await app.connection(0);
      await upstream.until((text) => text.endsWith('\r\n\r\n'));
      upstream.send('HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      for (const word of ['a', 'b', 'c', 'd']) {
        upstream.send(word);
        await client.until((text) => text.endsWith(word));
        clock.advance(limitMs - lookMs);
      }
    });
  });

  test.each<[string, string, number]>([
    ['waits for its response', bodyOf(3), 504],
    ['has not come whole', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nbbb', 408],
  ])('a stream that takes too long and %s', async (_, request, status) => {
    await withLimits({ maxStreamMs: limitMs }, false, async ({ client, clock, app, sidecar }) => {
      client.send(request);
      const upstream = await app.connection(0);
      await upstream.until((text) => text.endsWith('bbb'));
      clock.advance(limitMs - 1);
      expect(client.text).toBe('');
      clock.advance(1);
      expect(await client.response()).toMatch(
        new RegExp(` ${status} [\\s\\S]*DT; .*\\(max_stream_duration\\)`),
      );
      expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: status, flag: 'DT' }]);
    });
  });

  test('a stream that a rule holds back for too long is not sent later', async () => {
    const clock = new ManualClock();
    await using app = await startRawServer();
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    const fault = { delay: { ms: 2 * limitMs, share: 1_000_000 }, abort: undefined };
    const decision = { ...forwardTo(cluster), fault } as RouteDecision;
    const routes = { state: 'found', value: tableOf(() => decision) } as const;
    const target = targetOf({ cluster, routes: () => routes, limits: { maxStreamMs: limitMs } });
    await using sidecar = await startSidecar(target, 'inbound', clock);
    const client = sidecar.connect();
    client.send(GET);
    await expect.poll(() => sidecar.interception.connections()).toBe(1);
    await expect.poll(() => decided(client, clock)).toMatch(/ 504 [\s\S]*DT; .*\(max_stream_duration\)/);
    clock.advance(10 * limitMs);
    expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 504, flag: 'DI,DT' }]);
    expect(app.accepted).toHaveLength(0);
  });

  test('the time of one request does not run on in the next', async () => {
    const limits = { maxStreamMs: limitMs, requestTimeoutMs: limitMs };
    await withLimits(limits, true, async ({ client, clock }) => {
      for (let i = 0; i < 3; i++) {
        client.send(bodyOf(3));
        expect(await client.response()).toBe(OK);
        clock.advance(limitMs - 1);
      }
    });
  });

  test('a connection that is old ends with its next response', async () => {
    await withLimits({ maxConnectionMs: limitMs }, true, async ({ client, clock }) => {
      clock.advance(limitMs - 1);
      client.send(GET);
      expect(await client.response()).not.toContain('connection: close');
      clock.advance(1);
      client.send(GET);
      expect(await client.untilEnd()).toContain('connection: close');
    });
  });

  test('a connection that is old and has no request is closed after a moment', async () => {
    await withLimits({ maxConnectionMs: limitMs }, true, async ({ client, clock }) => {
      clock.advance(limitMs - 1);
      client.send(GET);
      await client.response();
      clock.advance(DRAIN_IDLE_MS);
      expect(client.ended).toBe(false);
      clock.advance(1);
      expect(await client.untilEnd()).toBe('');
    });
  });

  test('a connection that is old lets its request end', async () => {
    await withLimits({ maxConnectionMs: limitMs }, false, async ({ client, clock, app }) => {
      client.send(GET);
      const upstream = await app.connection(0);
      await upstream.until((text) => text.endsWith('\r\n\r\n'));
      clock.advance(3 * limitMs);
      upstream.send(OK);
      expect(await client.untilEnd()).toContain('connection: close');
    });
  });

  test('a connection without requests', async () => {
    await withLimits({ idleMs: limitMs }, true, async ({ client, clock }) => {
      client.send(GET);
      await client.response();
      clock.advance(limitMs - lookMs);
      client.send(GET);
      await client.response();
      clock.advance(limitMs - 1);
      expect(client.ended).toBe(false);
      clock.advance(1 + 2 * lookMs);
      expect(await client.untilEnd()).toBe('');
    });
  });
});

describe('where streams may be quiet', () => {
  test('the app may think as long as it likes', async () => {
    await withLimits({}, false, async ({ client, clock, app }) => {
      client.send(bodyOf(3));
      const upstream = await app.connection(0);
      await upstream.until((text) => text.endsWith('bbb'));
      clock.advance(100 * SLOW_CLIENT_MS);
      upstream.send(OK);
      expect(await client.response()).toBe(OK);
    });
  });

  test('a client that leaves out the rest of its body is cut off', async () => {
    await withLimits({}, false, async ({ client, clock, app, sidecar }) => {
      client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nbbb');
      const upstream = await app.connection(0);
      await upstream.until((text) => text.endsWith('bbb'));
      clock.advance(SLOW_CLIENT_MS - 1);
      expect(client.text).toBe('');
      clock.advance(SLOW_CLIENT_MS / 4);
      expect(await client.response()).toMatch(/ 408 [\s\S]*SI; the client sent no byte/);
      await upstream.untilEnd();
      expect(sidecar.telemetry.requestsSeen).toMatchObject([{ code: 408, flag: 'SI' }]);
    });
  });

  test('a client that leaves out the body of a request that nobody wants is cut off', async () => {
    const clock = new ManualClock();
    await using sidecar = await startSidecar(targetOf({ cluster: new FakeCluster() }), 'inbound', clock);
    const client = sidecar.connect();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nbbb');
    await client.response();
    clock.advance(2 * SLOW_CLIENT_MS);
    await client.untilEnd();
  });

  test('a client that does not read its response is cut off', async () => {
    await withLimits({}, false, async ({ client, clock, app, sidecar }) => {
      client.socket.pause();
      client.send(GET);
      const upstream = await app.connection(0);
      await upstream.until((text) => text.endsWith('\r\n\r\n'));
      const bytes = 64 * 1024 * 1024;
      upstream.send(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`);
      upstream.socket.write(Buffer.alloc(bytes));
      let written = -1;
      await expect
        .poll(
          () => {
            const before = written;
            written = sidecar.telemetry.requestsSeen.length + upstream.socket.writableLength;
            return before === written && upstream.socket.bytesWritten > 1_000_000;
          },
          { interval: 100 },
        )
        .toBe(true);
      clock.advance(2 * SLOW_CLIENT_MS);
      await expect.poll(() => sidecar.telemetry.requestsSeen).toMatchObject([{ code: 200, flag: 'SI' }]);
    });
  });
});
