/**
 * OTLP over gRPC: one method, TraceService/Export. Served over Node's HTTP/2 as it is, because what counts here is what a
 * hostile pod can make the viewer hold: bytes of all requests under way in one account, connections of one address, time for
 * a request. A gRPC library keeps these to itself.
 */
import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { LIMITS } from '../limits.ts';
import { readBody, unzip } from './body.ts';
import { judge } from './http-receiver.ts';
import type { Intake, Verdict } from './intake.ts';
import { answerOf } from './partial-success.ts';

const METHOD = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

/** gRPC's status codes, of those that are answered with. */
const STATUS = { invalidArgument: 3, exhausted: 8, unimplemented: 12 } as const;

interface Refusal {
  readonly status: number;
  readonly message: string;
}

export function createGrpcReceiver(intake: Intake): Http2Server {
  const server = createServer({
    maxSessionMemory: 8,
    maxHeaderListPairs: 64,
    settings: { maxConcurrentStreams: 16, maxHeaderListSize: 8_192, enablePush: false },
  });
  server.on('session', (session) => {
    session.on('error', () => session.destroy());
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => {}); // The peer went away: there is nobody to tell.
    const peer = stream.session?.socket?.remoteAddress ?? '';
    const packing = String(headers['grpc-encoding'] ?? 'identity');
    const refusal = refusalOf(headers[':method'], headers[':path'], headers['content-type'], packing);
    const timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), LIMITS.requestMs);
    stream.once('close', () => clearTimeout(timer));
    if (refusal !== undefined) return refuse(stream, refusal);
    void receive(intake, stream, packing, peer).catch(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  });
  return server;
}

function refusalOf(
  method: string | undefined,
  path: string | undefined,
  type: string | undefined,
  packing: string,
): Refusal | undefined {
  if (method !== 'POST' || !/^application\/grpc(\+proto)?$/.test(type ?? ''))
    return { status: STATUS.unimplemented, message: 'only gRPC with protobuf is spoken here' };
  if (path !== METHOD) return { status: STATUS.unimplemented, message: `only ${METHOD.slice(1)} is served` };
  if (packing !== 'identity' && packing !== 'gzip')
    return { status: STATUS.unimplemented, message: 'of encodings, gzip is understood' };
  return undefined;
}

async function receive(
  intake: Intake,
  stream: ServerHttp2Stream,
  packing: string,
  peer: string,
): Promise<void> {
  using framed = await readBody(stream, intake, LIMITS.requestBytes + PREFIX);
  if (stream.destroyed) return void intake.turnAway(BROKEN);
  const verdict = await verdictOn(intake, framed, packing, peer);
  if (verdict.kind === 'taken') return answer(stream, answerOf(verdict, 'protobuf'));
  const status = verdict.kind === 'invalid' ? STATUS.invalidArgument : STATUS.exhausted;
  refuse(stream, { status, message: verdict.why });
}

const BROKEN = { kind: 'invalid', why: 'the request broke off' } as const;
/** A message's prefix: whether it is packed, and its length. */
const PREFIX = 5;

async function verdictOn(
  intake: Intake,
  framed: Awaited<ReturnType<typeof readBody>>,
  packing: string,
  peer: string,
): Promise<Verdict> {
  if (framed.kind !== 'whole') return judge(intake, framed, 'protobuf', peer);
  const { bytes } = framed;
  if (bytes.length < PREFIX || bytes.readUInt32BE(1) !== bytes.length - PREFIX)
    return intake.turnAway({ kind: 'invalid', why: 'a request is one message, with its length before it' });
  const message = bytes.subarray(PREFIX);
  if (bytes[0] === 0) return intake.accept(message, 'protobuf', peer);
  if (bytes[0] !== 1 || packing !== 'gzip')
    return intake.turnAway({ kind: 'invalid', why: 'the message is packed in no way that was named' });
  using plain = await unzip(message, intake);
  return judge(intake, plain, 'protobuf', peer);
}

function answer(stream: ServerHttp2Stream, message: Buffer): void {
  if (stream.destroyed) return;
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(message.length, 1);
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
  stream.end(Buffer.concat([prefix, message]));
}

function refuse(stream: ServerHttp2Stream, { status, message }: Refusal): void {
  if (stream.destroyed) return;
  stream.respond(
    {
      ':status': 200,
      'content-type': 'application/grpc+proto',
      'grpc-status': String(status),
      'grpc-message': encodeURIComponent(message),
    },
    { endStream: true },
  );
  // What the peer still sends of a request that is answered already is thrown away, until its time is over.
  stream.resume();
}
