/** OTLP over HTTP: `POST /v1/traces`, protobuf or JSON, plain or gzip. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { LIMITS } from '../limits.ts';
import type { Encoding } from '../otlp/decode.ts';
import { type Body, readBody, unzip } from './body.ts';
import type { Intake, Verdict } from './intake.ts';
import { answerOf } from './partial-success.ts';

export function createHttpReceiver(intake: Intake): Server {
  const server = createServer(
    { requestTimeout: LIMITS.requestMs, headersTimeout: LIMITS.requestMs, maxHeaderSize: 8_192 },
    (request, response) => void receive(intake, request, response).catch(() => response.destroy()),
  );
  server.keepAliveTimeout = 60_000;
  return server;
}

async function receive(intake: Intake, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const respond = (status: number, type: string, body: string | Buffer): void => {
    const retry = status === 429 || status === 503 ? { 'retry-after': '1' } : {};
    // What is left of a body that was not read to its end goes with the connection.
    const ending = request.complete ? {} : { connection: 'close' };
    response.writeHead(status, { 'content-type': type, ...retry, ...ending }).end(body);
    if (!request.complete) response.once('finish', () => request.destroy());
  };
  const refuse = (status: number, why: string): void =>
    respond(status, 'text/plain; charset=utf-8', `${why}\n`);

  if (request.url?.split('?')[0] !== '/v1/traces') return refuse(404, 'traces are taken at /v1/traces');
  if (request.method !== 'POST') return refuse(405, 'traces are sent by POST');
  const encoding = encodingOf(request.headers['content-type']);
  if (encoding === undefined)
    return refuse(415, 'application/x-protobuf and application/json are understood');
  const packing = request.headers['content-encoding'] ?? 'identity';
  if (packing !== 'identity' && packing !== 'gzip') return refuse(415, 'of encodings, gzip is understood');

  using sent = await readBody(request, intake);
  using body = sent.kind === 'whole' && packing === 'gzip' ? await unzip(sent.bytes, intake) : undefined;
  const verdict = judge(intake, body ?? sent, encoding, request.socket.remoteAddress ?? '');
  if (verdict.kind === 'invalid') return refuse(400, verdict.why);
  if (verdict.kind === 'too-much') return refuse(429, verdict.why);
  if (encoding === 'json') return respond(200, 'application/json', answerOf(verdict, 'json'));
  respond(200, 'application/x-protobuf', answerOf(verdict, 'protobuf'));
}

/** What a body comes to, whole or not. */
export function judge(intake: Intake, body: Body, encoding: Encoding, peer: string): Verdict {
  if (body.kind === 'whole') return intake.accept(body.bytes, encoding, peer);
  if (body.kind === 'no-room')
    return intake.turnAway({ kind: 'too-much', why: 'too much is being received at once' });
  const why =
    body.kind === 'too-long'
      ? `a request may have ${LIMITS.requestBytes >> 20} MiB`
      : 'the body cannot be read to its end';
  return intake.turnAway({ kind: 'invalid', why });
}

function encodingOf(contentType: string | undefined): Encoding | undefined {
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/x-protobuf') return 'protobuf';
  return type === 'application/json' ? 'json' : undefined;
}
