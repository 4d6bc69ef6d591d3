import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ExportTraceServiceRequestSchema,
  ExportTraceServiceResponseSchema,
} from '#api/otlp/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { startOnLoopback } from '#test/support/trace-viewer.ts';
import { LIMITS } from '../limits.ts';
import { requestOf, traceIdFor } from '../testing/page-of-bookinfo.ts';
import type { TraceViewer } from '../trace-viewer.ts';

let viewer: TraceViewer;
let client: Client;
beforeAll(async () => {
  viewer = await startOnLoopback();
  client = new Client(`127.0.0.1:${viewer.ports.grpc}`, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await viewer[Symbol.asyncDispose]();
});

const encoded = (trace: number): Buffer =>
  Buffer.from(toBinary(ExportTraceServiceRequestSchema, requestOf(trace, 1_700_000_000_000)));
const METHOD = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
/** Unpacks to 300 MB. */
const bomb = (): Buffer => gzipSync(Buffer.alloc(300 << 20), { level: 9 });

/** A call by the official client. */
function call(message: Buffer, method = METHOD, metadata = new Metadata()): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const same = (bytes: Buffer): Buffer => bytes;
  client.makeUnaryRequest(method, same, same, message, metadata, (error, answer) =>
    error === null ? resolve(answer!) : reject(error),
  );
  return promise;
}

/** A call written by hand: its frame as it is, its headers as they are. */
async function callWith(frame: Buffer, headers: Record<string, string>): Promise<string> {
  const session = connectHttp2(`http://127.0.0.1:${viewer.ports.grpc}`);
  session.on('error', () => {});
  const stream = session.request({
    ':method': 'POST',
    ':path': METHOD,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  stream.on('error', () => {});
  stream.end(frame);
  const [response] = await once(stream, 'response');
  const trailers = once(stream, 'trailers').catch(() => [{}]);
  stream.resume();
  const found = response['grpc-status'] ?? (await trailers)[0]['grpc-status'];
  session.destroy();
  return String(found);
}

function framed(message: Buffer, packed: boolean): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = packed ? 1 : 0;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

describe('OTLP over gRPC', () => {
  test('takes spans of the official client', async () => {
    const answer = await call(encoded(1));
    expect(fromBinary(ExportTraceServiceResponseSchema, answer)).toBeDefined();
    expect(viewer.store.get(traceIdFor(1))?.spans).toHaveLength(11);
  });

  test('takes spans that are packed', async () => {
    expect(await callWith(framed(gzipSync(encoded(2)), true), { 'grpc-encoding': 'gzip' })).toBe('0');
    expect(viewer.store.get(traceIdFor(2))?.spans).toHaveLength(11);
  });

  test('says how many spans it refused', async () => {
    const reader = new BinaryReader(await call(encoded(0)));
    expect(reader.tag()[0]).toBe(1);
    reader.uint32();
    expect(reader.tag()[0]).toBe(1);
    expect(String(reader.int64())).toBe('11');
  });

  test.each<[string, Buffer, number, RegExp]>([
    ['garbage', Buffer.from('no protobuf at all'), status.INVALID_ARGUMENT, /not an OTLP request/],
    [
      'more than a request may have',
      Buffer.alloc(LIMITS.requestBytes + 1),
      status.INVALID_ARGUMENT,
      /may have 4 MiB/,
    ],
  ])('refuses %s', async (_what, message, code, details) => {
    await expect(call(message)).rejects.toMatchObject({ code, details: expect.stringMatching(details) });
  });

  test('refuses other methods', async () => {
    const code = status.UNIMPLEMENTED;
    await expect(
      call(encoded(3), '/opentelemetry.proto.collector.logs.v1.LogsService/Export'),
    ).rejects.toMatchObject({
      code,
    });
  });

  test.each<[string, Buffer, Record<string, string>, number]>([
    [
      'a message that unpacks to more than there may be',
      framed(bomb(), true),
      { 'grpc-encoding': 'gzip' },
      3,
    ],
    ['a packing that nobody named', framed(gzipSync(encoded(4)), true), {}, 3],
    ['a packing that is none', framed(Buffer.from('plain'), true), { 'grpc-encoding': 'gzip' }, 3],
    ['a packing that is not known', framed(encoded(4), true), { 'grpc-encoding': 'zstd' }, 12],
    ['a frame whose length is a lie', Buffer.from('00ffffffff00', 'hex'), {}, 3],
    ['nothing', Buffer.alloc(0), {}, 3],
    ['another content type', framed(encoded(4), false), { 'content-type': 'application/grpc+json' }, 12],
  ])('refuses %s', async (_what, frame, headers, expected) => {
    expect(await callWith(frame, headers)).toBe(String(expected));
    expect(viewer.store.get(traceIdFor(4))).toBeUndefined();
  });

  test('survives what is no HTTP/2', async () => {
    const socket = connect(viewer.ports.grpc, '127.0.0.1');
    socket.on('error', () => {});
    socket.end('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    await call(encoded(5));
    expect(viewer.store.get(traceIdFor(5))).toBeDefined();
  });
});

describe('OTLP over HTTP', () => {
  const post = (
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
    path = '/v1/traces',
  ): Promise<Response> =>
    fetch(`http://127.0.0.1:${viewer.ports.http}${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-protobuf', ...headers },
    });
  const sent = (trace: number): Uint8Array<ArrayBuffer> => new Uint8Array(encoded(trace));
  const JSON_TRACE = JSON.stringify({
    resourceSpans: [
      { scopeSpans: [{ spans: [{ traceId: traceIdFor(12), spanId: '00000000000000ab', name: 'json' }] }] },
    ],
  });

  test('takes protobuf, packed protobuf and JSON', async () => {
    expect((await post(sent(10))).status).toBe(200);
    expect((await post(new Uint8Array(gzipSync(sent(11))), { 'content-encoding': 'gzip' })).status).toBe(200);
    const answer = await post(JSON_TRACE, { 'content-type': 'application/json; charset=utf-8' });
    expect([answer.status, await answer.json()]).toEqual([200, {}]);
    expect([10, 11, 12].map((trace) => viewer.store.get(traceIdFor(trace))?.spans.length)).toEqual([
      11, 11, 1,
    ]);
  });

  test.each<[string, () => Promise<Response>, number]>([
    ['another path', () => post(sent(13), {}, '/v1/logs'), 404],
    ['another type', () => post(sent(13), { 'content-type': 'text/plain' }), 415],
    ['another packing', () => post(sent(13), { 'content-encoding': 'br' }), 415],
    ['garbage', () => post('garbage'), 400],
    ['more than a request may have', () => post(new Uint8Array(LIMITS.requestBytes + 1)), 400],
    ['what unpacks to more', () => post(new Uint8Array(bomb()), { 'content-encoding': 'gzip' }), 400],
    ['what is not packed as it says', () => post(sent(13), { 'content-encoding': 'gzip' }), 400],
  ])('refuses %s', async (_what, act, expected) => {
    const answer = await act();
    expect(answer.status).toBe(expected);
    expect(await answer.text()).not.toBe('');
    expect(viewer.store.get(traceIdFor(13))).toBeUndefined();
  });

  test('refuses to be read from', async () => {
    expect((await fetch(`http://127.0.0.1:${viewer.ports.http}/v1/traces`)).status).toBe(405);
  });

  test('has no more connections of one address than it may', async () => {
    const sockets: Socket[] = [];
    const closed = Promise.withResolvers<void>();
    for (let i = 0; i <= LIMITS.connectionsPerPeer; i++) {
      const socket = connect({ port: viewer.ports.http, host: '127.0.0.1', localAddress: '127.0.0.3' });
      socket.on('error', () => {});
      socket.once('close', () => closed.resolve());
      socket.resume();
      await once(socket, 'connect');
      sockets.push(socket);
    }
    await closed.promise;
    expect((await post(sent(14))).status).toBe(200); // Other addresses go on.
    for (const socket of sockets) socket.destroy();
  });
});
