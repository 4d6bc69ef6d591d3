/** Exports to real receivers over both protocols. */
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { FakeEndpoint } from '#sidecar/http/testing/fakes.ts';
import {
  attributesOf,
  flagsOf,
  partialSuccess,
  portOf,
  type Receiver,
  spansOf,
  startGrpcReceiver,
  startHttpReceiver,
} from '../testing/collectors.ts';
import { Exporting, spanOf } from '../testing/exporting.ts';
import { BATCH_SPANS } from './batch-length.ts';
import { CLOSE_WITHIN_MS, FLUSH_EVERY_MS, MAX_QUEUED, MAX_TRIES } from './span-exporter.ts';

const PROTOCOLS = ['grpc', 'http'] as const;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

type Protocol = (typeof PROTOCOLS)[number];

async function receiver(protocol: Protocol): Promise<Receiver> {
  const started = await (protocol === 'grpc' ? startGrpcReceiver() : startHttpReceiver());
  cleanups.push(() => started[Symbol.asyncDispose]());
  return started;
}

function exporting(...options: ConstructorParameters<typeof Exporting>): Exporting {
  const made = new Exporting(...options);
  cleanups.push(() => {
    const closing = made.exporter.close();
    made.clock.advance(CLOSE_WITHIN_MS);
    return closing;
  });
  return made;
}

/** A listener that does with each connection what it is told. */
async function hostile(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return portOf(server);
}

describe.each(PROTOCOLS)('over %s', (protocol) => {
  test('a span arrives whole', async () => {
    const to = await receiver(protocol);
    const run = exporting(protocol, [to.port], {
      authority: 'tempo.example',
      headers: [['x-scope-orgid', 'shop']],
    });
    run.exporter.add(spanOf(0));
    run.exporter.add(
      spanOf(1, {
        parentSpanId: '',
        parentIsRemote: false,
        kind: 'server',
        failed: true,
        message: 'why',
        tracestate: '',
      }),
    );
    await run.until(() => run.exporter.exported === 2, FLUSH_EVERY_MS / 10);
    const [resource] = to.received[0]!.request.resourceSpans;
    expect(attributesOf(resource!.resource!)).toMatchObject({
      'service.name': 'client.shop',
      'k8s.pod.name': 'client-1',
    });
    expect(resource!.scopeSpans[0]!.scope?.name).toBe('weft');
    const [first, second] = spansOf(to.received);
    const id = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    expect(first).toMatchObject({
      name: 'app.test:80/*',
      kind: 3,
      traceState: 'congo=t61rcWkgMzE',
      startTimeUnixNano: 1_700_000_000_000_250_000n,
      endTimeUnixNano: 1_700_000_000_012_750_000n,
      droppedEventsCount: 3,
      status: { code: 0, message: '' },
    });
    expect([first!.traceId, first!.spanId, first!.parentSpanId].map(id)).toEqual([
      '0af7651916cd43dd8448eb211c80319c',
      '0000000000000001',
      'b7ad6b7169203331',
    ]);
    expect(attributesOf(first!)).toEqual({ 'http.request.method': 'GET', 'http.response.status_code': 200n });
    expect(first!.events.map((event) => [event.name, event.timeUnixNano, attributesOf(event)])).toEqual([
      ['retry', 1_700_000_000_001_500_000n, { attempt: 2n }],
    ]);
    expect(second).toMatchObject({
      kind: 2,
      traceState: '',
      status: { code: 2, message: 'why' },
    });
    expect([first!, second!].map(flagsOf)).toEqual([0x301, 0x101]);
    expect(second!.parentSpanId).toHaveLength(0);
    expect(to.received[0]!.headers['x-scope-orgid']).toBe('shop');
    expect(to.received[0]!.headers['traceparent']).toMatch(/^00-f{32}-f{16}-00$/);
    expect(run.endpoints[0]!.outcomes).toEqual(['success']);
    if (protocol === 'http') {
      expect(to.received[0]!.headers).toMatchObject({
        ':method': 'POST',
        ':path': '/v1/traces',
        host: 'tempo.example',
      });
    }
  });

  test('a full batch goes at once, the rest a second later', async () => {
    const to = await receiver(protocol);
    const run = exporting(protocol, [to.port]);
    run.add(BATCH_SPANS + 10);
    await run.until(() => run.exporter.exported === BATCH_SPANS);
    expect(spansOf(to.received)).toHaveLength(BATCH_SPANS);
    expect(run.exporter.queued).toBe(10);
    run.clock.advance(FLUSH_EVERY_MS);
    await run.until(() => run.exporter.exported === BATCH_SPANS + 10);
    expect(new Set(spansOf(to.received).map(({ spanId }) => Buffer.from(spanId).toString('hex'))).size).toBe(
      BATCH_SPANS + 10,
    );
  });

  test('long headers of strangers make no export that a receiver refuses', async () => {
    const to = await receiver(protocol);
    const run = exporting(protocol, [to.port]);
    const long = '\xe9'.repeat(1024);
    const attributes = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`tag${i}`, long]));
    for (let i = 0; i < BATCH_SPANS; i++) run.exporter.add(spanOf(i, { attributes }));
    await run.until(() => run.exporter.exported === BATCH_SPANS, FLUSH_EVERY_MS / 1000);
    expect(to.received.length).toBeGreaterThan(1);
    expect(Math.max(...to.received.map(({ bytes }) => bytes))).toBeLessThan(4 * 1024 * 1024);
  });

  test('one connection serves export after export', async () => {
    const to = await receiver(protocol);
    const run = exporting(protocol, [to.port]);
    for (let i = 1; i <= 5; i++) {
      run.add(1);
      await run.until(() => run.exporter.exported === i, 100);
    }
    expect(to.received).toHaveLength(5);
  });

  test('whoever is in the cluster now is asked', async () => {
    const [first, second] = [await receiver(protocol), await receiver(protocol)];
    const run = exporting(protocol, [first.port]);
    run.add(1);
    await run.until(() => run.exporter.exported === 1, 100);
    run.endpoints[0]!.removed = true;
    run.cluster.endpoints = [new FakeEndpoint(second.port)];
    run.add(1);
    await run.until(() => run.exporter.exported === 2, 100);
    expect([first.received.length, second.received.length]).toEqual([1, 1]);
  });

  test('nobody there: tried again for a while, then dropped and counted', async () => {
    const port = await hostile(() => {});
    for (const cleanup of cleanups.splice(0)) cleanup();
    const run = exporting(protocol, [port]);
    run.add(3);
    await run.until(() => run.exporter.queued === 0, 250);
    expect(Object.fromEntries(run.exporter.drops)).toEqual({ unavailable: 3 });
    expect(run.endpoints[0]!.outcomes).toEqual(Array(MAX_TRIES).fill('connect-failure'));
  });

  test('no endpoint, and later one', async () => {
    const run = exporting(protocol, []);
    run.add(1);
    await run.until(() => run.clock.nowMs() > 1_500, 100);
    const to = await receiver(protocol);
    run.cluster.endpoints = [new FakeEndpoint(to.port)];
    await run.until(() => run.exporter.exported === 1, 100);
  });

  test.each<[string, (socket: Socket) => void]>([
    ['never reads', (socket) => void socket.pause()],
    ['reads and says nothing', (socket) => void socket.resume()],
    ['closes at once', (socket) => void socket.destroy()],
    ['answers something else', (socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n')],
    [
      'never ends its head',
      (socket) => {
        socket.resume();
        const drip = setInterval(() => socket.write('HTTP/1.1 200 OK\r\nx: '.slice(0, 1)), 1);
        socket.on('close', () => clearInterval(drip));
      },
    ],
    [
      'answers without end',
      (socket) => {
        socket.resume();
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n');
        const more = setInterval(() => socket.write(Buffer.alloc(65_536)), 1);
        socket.on('close', () => clearInterval(more));
      },
    ],
  ])('a collector that %s holds nothing up', async (_name, onSocket) => {
    const run = exporting(protocol, [await hostile(onSocket)]);
    run.add(MAX_QUEUED + 100);
    expect(run.exporter.queued).toBe(MAX_QUEUED);
    expect(run.exporter.drops.get('queue_full')).toBe(100);
    await run.until(() => run.exporter.queued < MAX_QUEUED, 20);
    const { exported, drops } = run.exporter;
    expect(exported + (drops.get('unavailable') ?? 0) + (drops.get('refused') ?? 0)).toBe(BATCH_SPANS);
    const closing = run.exporter.close();
    run.clock.advance(CLOSE_WITHIN_MS);
    await closing;
    expect(run.exporter.queued).toBe(0);
    let dropped = 0;
    for (const count of run.exporter.drops.values()) dropped += count;
    expect(run.exporter.exported + dropped).toBe(MAX_QUEUED + 100);
  });

  test('closing sends what is queued', async () => {
    const to = await receiver(protocol);
    const run = exporting(protocol, [to.port]);
    run.add(700);
    await run.exporter.close();
    expect(run.exporter.exported).toBe(700);
    expect(spansOf(to.received)).toHaveLength(700);
    run.add(1);
    expect(run.exporter.drops.get('closed')).toBe(1);
  });
});

describe('what a gRPC collector says', () => {
  async function against(answer: Parameters<typeof startGrpcReceiver>[0]): Promise<[Exporting, Receiver]> {
    const to = await startGrpcReceiver(answer);
    cleanups.push(() => to[Symbol.asyncDispose]());
    return [exporting('grpc', [to.port]), to];
  }

  test('partial success is counted', async () => {
    const [run] = await against(() => ({ rejected: 2 }));
    run.add(5);
    await run.until(() => run.exporter.queued === 0, 100);
    expect(run.exporter.exported).toBe(3);
    expect(Object.fromEntries(run.exporter.drops)).toEqual({ rejected: 2 });
  });

  test.each([
    ['CANCELLED', 1, true],
    ['UNKNOWN', 2, false],
    ['INVALID_ARGUMENT', 3, false],
    ['DEADLINE_EXCEEDED', 4, true],
    ['NOT_FOUND', 5, false],
    ['PERMISSION_DENIED', 7, false],
    ['RESOURCE_EXHAUSTED without a word on when', 8, false],
    ['FAILED_PRECONDITION', 9, false],
    ['ABORTED', 10, true],
    ['OUT_OF_RANGE', 11, true],
    ['UNIMPLEMENTED', 12, false],
    ['INTERNAL', 13, false],
    ['UNAVAILABLE', 14, true],
    ['DATA_LOSS', 15, true],
    ['UNAUTHENTICATED', 16, false],
  ])('%s', async (_name, code, again) => {
    const [run, to] = await against((number) => (number === 1 ? { code, details: 'x' } : undefined));
    run.add(2);
    await run.until(() => run.exporter.queued === 0, 100);
    expect(to.received).toHaveLength(again ? 2 : 1);
    expect(run.exporter.exported).toBe(again ? 2 : 0);
    expect(run.exporter.drops.get('refused') ?? 0).toBe(again ? 0 : 2);
  });

  test.each([
    ['UNAVAILABLE', 14],
    ['RESOURCE_EXHAUSTED', 8],
  ])('%s with RetryInfo: left alone for that long', async (_name, code) => {
    const duration = Buffer.from([0x0a, 0x08, 0x08, 7, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01]);
    const info = Buffer.from('type.googleapis.com/google.rpc.RetryInfo');
    const any = Buffer.concat([
      Buffer.from([0x0a, info.length]),
      info,
      Buffer.from([0x12, duration.length]),
      duration,
    ]);
    const details = Buffer.concat([Buffer.from([0x08, code, 0x1a, any.length]), any]);
    const [run, to] = await against((number) =>
      number === 1
        ? { code, details: 'slowly', metadata: { 'grpc-status-details-bin': details } }
        : undefined,
    );
    run.add(1);
    await run.until(() => to.received.length === 1, 100);
    await run.until(() => run.endpoints[0]!.outcomes.length === 1);
    const refusedMs = run.clock.nowMs();
    await run.until(() => to.received.length === 2, 100);
    expect(run.clock.nowMs() - refusedMs).toBeGreaterThanOrEqual(7_500 - 100);
  });
});

describe('what an HTTP collector says', () => {
  async function against(answer: Parameters<typeof startHttpReceiver>[0]): Promise<[Exporting, Receiver]> {
    const to = await startHttpReceiver(answer);
    cleanups.push(() => to[Symbol.asyncDispose]());
    return [exporting('http', [to.port]), to];
  }

  test('partial success is counted', async () => {
    const [run] = await against((response) => void response.end(partialSuccess(2)));
    run.add(5);
    await run.until(() => run.exporter.queued === 0, 100);
    expect(run.exporter.exported).toBe(3);
    expect(Object.fromEntries(run.exporter.drops)).toEqual({ rejected: 2 });
  });

  test.each([
    [400, false],
    [401, false],
    [404, false],
    [413, false],
    [429, true],
    [500, false],
    [501, false],
    [502, true],
    [503, true],
    [504, true],
    [302, false],
  ])('%i', async (status, again) => {
    const [run, to] = await against(
      (response, number) => void response.writeHead(number === 1 ? status : 200).end(),
    );
    run.add(2);
    await run.until(() => run.exporter.queued === 0, 100);
    expect(to.received).toHaveLength(again ? 2 : 1);
    expect(run.exporter.exported).toBe(again ? 2 : 0);
    expect(run.exporter.drops.get('refused') ?? 0).toBe(again ? 0 : 2);
  });

  test.each<[string, (wallMs: number) => string]>([
    ['seconds', () => '9'],
    ['a date', (wallMs) => new Date(wallMs + 10_000).toUTCString()],
  ])('Retry-After in %s: left alone for that long', async (_name, after) => {
    let run: Exporting | undefined;
    const [made, to] = await against((response, number) => {
      if (number === 1) response.writeHead(503, { 'retry-after': after(run!.clock.wallMs()) }).end();
      else response.end();
    });
    run = made;
    made.add(1);
    await made.until(() => to.received.length === 1, 100);
    await made.until(() => made.endpoints[0]!.outcomes.length === 1);
    const refusedMs = made.clock.nowMs();
    await made.until(() => to.received.length === 2, 100);
    expect(made.clock.nowMs() - refusedMs).toBeGreaterThanOrEqual(9_000 - 100);
  });
});
