/** The whole way of a request: client → outbound sidecar → inbound sidecar → app, with Node's own HTTP at both ends. */
import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, createServer as createRawServer, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NO_CONDITIONS } from '#sidecar/routing/retry-policy.ts';
import { MAX_INFORMATIONAL } from './limits.ts';
import { FakeCluster, FakeEndpoint, targetOf } from './testing/fakes.ts';
import { type SidecarUnderTest, startRawServer, startSidecar } from './testing/sidecar-under-test.ts';

let app: Server;
let inbound: SidecarUnderTest;
let outbound: SidecarUnderTest;
let appEndpoint: FakeEndpoint;
let sidecarEndpoint: FakeEndpoint;
const agent = new Agent({ keepAlive: true, maxSockets: 8 });

/** Echoes the body; `x-shape` says how the response is framed, `x-status` its status. */
function echo(req: IncomingMessage, res: ServerResponse): void {
  const length = req.headers['content-length'];
  if (req.headers['x-shape'] === 'length' && length !== undefined) res.setHeader('content-length', length);
  if (req.headers['x-shape'] === 'close') res.shouldKeepAlive = false;
  res.statusCode = Number(req.headers['x-status'] ?? 200);
  res.setHeader('x-path', req.url ?? '');
  res.setHeader('x-seen', Object.keys(req.headers).join(','));
  req.pipe(res);
}

beforeAll(async () => {
  app = createServer({ keepAliveTimeout: 5000 }, echo);
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  appEndpoint = new FakeEndpoint((app.address() as { port: number }).port);
  inbound = await startSidecar(
    targetOf({ protocol: 'detect', cluster: new FakeCluster(appEndpoint) }),
    'inbound',
  );
  sidecarEndpoint = new FakeEndpoint(inbound.port);
  outbound = await startSidecar(
    targetOf({ protocol: 'detect', cluster: new FakeCluster(sidecarEndpoint) }),
    'outbound',
  );
});

afterAll(async () => {
  agent.destroy();
  await outbound[Symbol.asyncDispose]();
  await inbound[Symbol.asyncDispose]();
  app.close();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

async function ask(options: {
  method: string;
  path: string;
  headers: Record<string, string>;
  pieces: readonly Buffer[];
  port?: number;
}): Promise<Answer> {
  const { method, path, headers, pieces, port = outbound.port } = options;
  const req = request({ host: '127.0.0.1', port, agent, method, path, headers });
  Readable.from(pieces).pipe(req);
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of res) parts.push(part as Buffer);
  return { status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(parts) };
}

describe('client, two sidecars, app', () => {
  test('whatever is sent comes back', async () => {
    const piece = fc.uint8Array({ minLength: 1, maxLength: 3000 }).map((bytes) => Buffer.from(bytes));
    const exchange = fc.record({
      method: fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE'),
      path: fc.stringMatching(/^\/[a-z0-9/%._~-]{0,20}(\?[a-z=&]{0,10})?$/),
      shape: fc.constantFrom('length', 'chunked', 'close'),
      declared: fc.boolean(),
      status: fc.constantFrom(200, 201, 404, 500, 503),
      pieces: fc.array(piece, { maxLength: 5 }),
      repeat: fc.constantFrom(1, 1, 1, 100),
    });
    await fc.assert(
      fc.asyncProperty(exchange, async ({ method, path, shape, declared, status, pieces, repeat }) => {
        const sent = Array.from({ length: repeat }, () => pieces).flat();
        const body = Buffer.concat(sent);
        const framing = declared
          ? { 'content-length': String(body.length) }
          : { 'transfer-encoding': 'chunked' };
        const headers = { 'x-shape': shape, 'x-status': String(status), ...framing };
        const answer = await ask({ method, path, headers, pieces: sent });
        expect(answer.status).toBe(status);
        expect(answer.headers['x-path']).toBe(path);
        expect(answer.body.equals(body)).toBe(true);
        const seen = String(answer.headers['x-seen']).split(',');
        expect(seen).toEqual(expect.arrayContaining(['x-request-id', 'x-forwarded-proto']));
        expect(seen).not.toContain('x-envoy-peer-metadata');
      }),
      { numRuns: 150 },
    );
    expect(appEndpoint.active + sidecarEndpoint.active).toBe(0);
    const callers = new Set(inbound.telemetry.requestsSeen.map(({ peer }) => peer?.workload));
    expect([...callers]).toEqual([outbound.telemetry.ownPeerMetadata]);
  });

  test('ten thousand requests on kept connections need few connections', async () => {
    const clients = 16;
    const each = 625;
    let connectionsToApp = 0;
    app.on('connection', () => {
      connectionsToApp += 1;
    });
    const one = async (): Promise<void> => {
      const client = outbound.connect();
      for (let i = 0; i < each; i++) {
        client.send(`GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`);
        const text = await client.until((t) => t.endsWith('0\r\n\r\n'));
        if (!text.includes(`x-path: /${i}\r\n`))
          throw new Error(`request ${i} got another's answer: ${text}`);
        client.text = '';
      }
    };
    await Promise.all(Array.from({ length: clients }, one));
    expect(connectionsToApp).toBeLessThanOrEqual(clients);
    expect(appEndpoint.active + sidecarEndpoint.active).toBe(0);
  });
});

describe('retries through two sidecars', () => {
  test('an app that breaks off or fails now and then is not noticed, whatever the body', async () => {
    let requests = 0;
    const flaky = createServer((req, res) => {
      requests += 1;
      const way = requests % 3;
      if (way === 1) req.resume().on('end', () => res.socket?.destroy());
      else if (way === 2) req.resume().on('end', () => res.writeHead(503).end('no'));
      else echo(req, res);
    });
    flaky.listen(0, '127.0.0.1');
    await once(flaky, 'listening');
    const endpoint = new FakeEndpoint((flaky.address() as { port: number }).port);
    await using behind = await startSidecar(targetOf({ cluster: new FakeCluster(endpoint) }), 'inbound');
    const cluster = new FakeCluster(new FakeEndpoint(behind.port));
    const on = { ...NO_CONDITIONS, any5xx: true };
    const retry = { attempts: 3, on, backoff: { baseMs: 1, maxMs: 2 } };
    await using front = await startSidecar(targetOf({ cluster, retry }));
    for (let size = 0; size <= 60_000; size += 10_000) {
      const pieces = Array.from({ length: size / 1000 }, (_, i) => Buffer.alloc(1000, String(i % 10)));
      const headers = { 'x-shape': 'length', 'content-length': String(size) };
      const answer = await ask({ method: 'POST', path: '/', headers, pieces, port: front.port });
      expect([answer.status, answer.body.equals(Buffer.concat(pieces))]).toEqual([200, true]);
    }
    expect(requests).toBe(21);
    expect(front.telemetry.requestsSeen.map(({ code }) => code)).toEqual(Array(7).fill(200));
    expect(endpoint.active + cluster.endpoints[0]!.active).toBe(0);
    flaky.closeAllConnections();
    flaky.close();
  });
});

describe('a reader that does not read', () => {
  const MIB = 1024 * 1024;
  /** What the kernel takes into its socket buffers on the way, and some. */
  const MOST_BYTES = 64 * MIB;

  /** How long a writer must be stuck to count as stopped. */
  const STUCK_MS = 300;

  /** Writes until nothing more is taken, or far too much was; returns how much. */
  async function fill(socket: Socket, piece: Buffer = Buffer.alloc(MIB, 'x')): Promise<number> {
    for (let taken = 0; taken < 2 * MOST_BYTES; taken += piece.length) {
      const drained = new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(false), STUCK_MS);
        socket.write(piece, () => {
          clearTimeout(timer);
          resolve(true);
        });
      });
      if (!(await drained)) return taken;
    }
    return Number.POSITIVE_INFINITY;
  }

  test('is spared a server that sends nothing but 1xx, which is cut off', async () => {
    await using app = await startRawServer();
    const endpoint = new FakeEndpoint(app.port);
    await using sidecar = await startSidecar(targetOf({ cluster: new FakeCluster(endpoint) }));
    const client = sidecar.connect();
    client.socket.pause();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const upstream = await app.connection(0);
    await upstream.until((text) => text.includes('\r\n\r\n'));
    upstream.send(`HTTP/1.1 103 x\r\nLink: ${'x'.repeat(1000)}\r\n\r\n`.repeat(1000));
    await upstream.untilEnd();
    await expect.poll(() => endpoint.active).toBe(0);
    client.socket.resume();
    const answers = (await client.until((text) => text.includes(' 502 '))).match(/HTTP\/1\.1 \d+/g);
    expect(answers).toEqual([...Array(MAX_INFORMATIONAL).fill('HTTP/1.1 103'), 'HTTP/1.1 502']);
  });

  test('stops the server, whose bytes do not pile up in the sidecar', async () => {
    const { promise: serving, resolve } = Promise.withResolvers<Socket>();
    const server = createServer((_, res) => {
      res.writeHead(200, { 'content-length': String(10 * 1024 * MIB) });
      res.flushHeaders();
      resolve(res.socket!);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = new FakeEndpoint((server.address() as { port: number }).port);
    await using sidecar = await startSidecar(targetOf({ cluster: new FakeCluster(endpoint) }));
    const socket = connect(sidecar.port, '127.0.0.1');
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const before = process.memoryUsage().arrayBuffers;
    expect(await fill(await serving)).toBeLessThan(MOST_BYTES);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MOST_BYTES);
    socket.destroy();
    server.closeAllConnections();
    server.close();
    await expect.poll(() => endpoint.active).toBe(0);
  });

  test.each(['http', 'tcp'] as const)('stops the client, %s', async (protocol) => {
    const accepted: Socket[] = [];
    const server = createRawServer((stuck) => {
      accepted.push(stuck.pause());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = new FakeEndpoint((server.address() as { port: number }).port);
    await using sidecar = await startSidecar(targetOf({ protocol, cluster: new FakeCluster(endpoint) }));
    const socket = connect(sidecar.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${10 * 1024 * MIB}\r\n\r\n`);
    expect(await fill(socket)).toBeLessThan(MOST_BYTES);
    socket.destroy();
    for (const stuck of accepted) stuck.destroy();
    server.close();
    await expect.poll(() => endpoint.active).toBe(0);
  });
});
