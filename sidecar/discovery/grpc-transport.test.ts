/** The endings of a stream. That it speaks with a gRPC server is seen in the tests of discovery. */
import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { create } from '@bufbuild/protobuf';
import { Server, ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { AggregatedDiscovery } from '#api/xds/ads.ts';
import {
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
} from '#api/xds/gen/envoy/service/discovery/v3/discovery_pb.js';
import { frame } from './grpc-frames.ts';
import { CONNECT_TIMEOUT_MS, grpcTransport, PING_EVERY_MS, PING_TIMEOUT_MS } from './grpc-transport.ts';

const GRPC = { ':status': 200, 'content-type': 'application/grpc' };

let server: Http2Server;
let target: string;
const sessions = new Set<ServerHttp2Session>();

beforeEach(async () => {
  server = createServer();
  server.on('session', (session) => sessions.add(session));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  for (const session of sessions) session.destroy();
  sessions.clear();
  server.close();
});

/** Why the stream ended that `answer` answered. */
function ending(answer: (stream: ServerHttp2Stream) => void, to = target): Promise<string> {
  server.once('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {});
    answer(stream);
  });
  return new Promise((resolve) => {
    grpcTransport(to).open({ response: () => {}, ended: resolve });
  });
}

function withTrailers(stream: ServerHttp2Stream, trailers: Record<string, string>): void {
  stream.respond(GRPC, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end();
}

test.each<[string, (stream: ServerHttp2Stream) => void, string | RegExp]>([
  [
    'a status in the trailers',
    (stream) => withTrailers(stream, { 'grpc-status': '7', 'grpc-message': 'not%20for you' }),
    'PERMISSION_DENIED: not for you',
  ],
  [
    'a status in the head',
    (stream) => stream.respond({ ...GRPC, 'grpc-status': '12' }, { endStream: true }),
    'UNIMPLEMENTED: ',
  ],
  [
    'a status that gRPC does not know',
    (stream) => withTrailers(stream, { 'grpc-status': '99', 'grpc-message': '%' }),
    '99: %',
  ],
  ['an end', (stream) => withTrailers(stream, { 'grpc-status': '0' }), 'the control plane ended the stream'],
  [
    'no status',
    (stream) => {
      stream.respond(GRPC);
      stream.end();
    },
    'UNAVAILABLE: the stream was closed',
  ],
  ['an HTTP error', (stream) => stream.respond({ ':status': 503 }), 'UNAVAILABLE: HTTP status 503'],
  [
    'another content',
    (stream) => stream.respond({ ':status': 200, 'content-type': 'text/html' }),
    'UNKNOWN: content-type "text/html" is not gRPC',
  ],
  [
    'a message that is none',
    (stream) => {
      stream.respond(GRPC);
      stream.write(frame(Buffer.of(255, 255)));
    },
    /^INTERNAL: /,
  ],
  ['a reset', (stream) => stream.close(8), /^UNAVAILABLE: /],
  ['a lost connection', (stream) => stream.session?.socket.destroy(), /^UNAVAILABLE: /],
])('tells of %s', async (_, answer, reason) => {
  expect(await ending(answer)).toMatch(reason);
});

test('tells when nobody is there', async () => {
  const other = createTcpServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  other.close();
  await once(other, 'close');
  expect(await ending(() => {}, `127.0.0.1:${port}`)).toMatch(/^UNAVAILABLE: .*ECONNREFUSED/);
});

test('gives up a server that takes the connection and says nothing', async () => {
  const mute = createTcpServer((client) => void client.resume()).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const accepted = once(mute, 'connection');
  const clock = new ManualClock();
  const ended = new Promise<string>((resolve) => {
    const { port } = mute.address() as AddressInfo;
    grpcTransport(`127.0.0.1:${port}`, clock).open({ response: () => {}, ended: resolve });
  });
  /** The preface: the client knows of the connection. */
  await once((await accepted)[0] as Socket, 'data');
  clock.advance(CONNECT_TIMEOUT_MS);
  expect(await ended).toBe('UNAVAILABLE: connecting timed out');
  mute.close();
});

test('sends a request that is larger than the memory which Node grants a session', async () => {
  const SIZE = 12 * 1024 * 1024;
  server.once('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {});
    stream.respond(GRPC, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': '' }));
    let got = 0;
    stream.on('data', (bytes: Buffer) => {
      got += bytes.length;
      if (got > SIZE) stream.end();
    });
  });
  const why = await new Promise((resolve) => {
    const call = grpcTransport(target).open({ response: () => {}, ended: resolve });
    call.send(create(DeltaDiscoveryRequestSchema, { typeUrl: 'x'.repeat(SIZE) }));
  });
  expect(why).toBe('the control plane ended the stream');
});

test('finds a server that has fallen silent', async () => {
  /** Passes on what comes until it is told to swallow it. */
  let silent = false;
  const upstream = Number(target.split(':')[1]);
  const relay = createTcpServer((client) => {
    const onward = connect(upstream, '127.0.0.1');
    client.on('data', (bytes) => silent || onward.write(bytes));
    onward.on('data', (bytes) => client.write(bytes));
    client.on('error', () => {});
    client.on('close', () => onward.destroy());
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const clock = new ManualClock();
  const greeted = once(server, 'session').then(([session]) =>
    once(session as ServerHttp2Session, 'localSettings'),
  );
  const transport = grpcTransport(`127.0.0.1:${(relay.address() as AddressInfo).port}`, clock);
  const ended = new Promise<string>((resolve) => {
    transport.open({ response: () => {}, ended: resolve });
  });
  await greeted;
  silent = true;
  clock.advance(PING_EVERY_MS + PING_TIMEOUT_MS);
  expect(await ended).toBe('UNAVAILABLE: a ping was not answered');
  relay.close();
});

test('tells nothing to those who cancelled', async () => {
  const told: string[] = [];
  const transport = grpcTransport(target);
  const call = transport.open({ response: () => {}, ended: (reason) => told.push(reason) });
  const [stream] = (await once(server, 'stream')) as [ServerHttp2Stream];
  const closed = once(stream, 'close');
  stream.on('error', () => {});
  call.cancel();
  await closed;
  expect(told).toEqual([]);
});

test('a status of a gRPC server that leaves our side open', async () => {
  const grpc = new Server();
  grpc.addService(AggregatedDiscovery, {
    deltaAggregatedResources: (stream: ServerDuplexStream<unknown, unknown>) => {
      const gone = { code: status.UNAVAILABLE, details: 'gone for a while' };
      stream.on('error', () => {});
      stream.write(create(DeltaDiscoveryResponseSchema, {}), () => stream.emit('error', gone));
    },
  });
  const port = await promisify(grpc.bindAsync.bind(grpc))('127.0.0.1:0', ServerCredentials.createInsecure());
  const why = await new Promise((resolve) => {
    const call = grpcTransport(`127.0.0.1:${port}`).open({ response: () => {}, ended: resolve });
    call.send(create(DeltaDiscoveryRequestSchema, {}));
  });
  expect(why).toBe('UNAVAILABLE: gone for a while');
  grpc.forceShutdown();
});
