/**
 * A collector that runs in a pod: OTLP over gRPC on port 4317 and over HTTP on 4318. What it was sent it tells on port
 * 8080, as JSON: OTLP bytes in base64, and the head that they came with.
 */
import { fromBinary } from '@bufbuild/protobuf';
import { request } from 'undici';
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from '#api/otlp/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';

export const COLLECTOR = `
const http = require('node:http');
const http2 = require('node:http2');
const seen = [];
const take = (way, head, body) => seen.push({ way, head: { ...head }, body: body.toString('base64') });
const whole = (stream, then) => {
  const pieces = [];
  stream.on('data', (piece) => pieces.push(piece)).on('end', () => then(Buffer.concat(pieces))).on('error', () => {});
};
http2.createServer().on('stream', (stream, head) => whole(stream, (body) => {
  take('grpc', head, body.subarray(5));
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.alloc(5));
})).listen(4317);
http.createServer((request, response) => whole(request, (body) => {
  take('http', { ':path': request.url, ...request.headers }, body);
  response.setHeader('content-type', 'application/x-protobuf').end();
})).listen(4318);
http.createServer((request, response) => response.end(JSON.stringify(seen))).listen(8080);
`;

export interface Export {
  readonly way: 'grpc' | 'http';
  /** With `:path`, and over HTTP/2 the other names that begin with a colon. */
  readonly head: Readonly<Record<string, string>>;
  readonly message: ExportTraceServiceRequest;
}

/** What the collector at an address was sent since it began, in order. */
export async function exportsAt(address: string): Promise<Export[]> {
  const { body } = await request(`http://${address}:8080/`, { headers: { traceparent: UNSAMPLED } });
  const seen = (await body.json()) as (Pick<Export, 'way' | 'head'> & { body: string })[];
  return seen.map(({ way, head, body: bytes }) => ({
    way,
    head,
    message: fromBinary(ExportTraceServiceRequestSchema, Buffer.from(bytes, 'base64')),
  }));
}

/** Looking is no part of what is looked at. */
const UNSAMPLED = `00-${'1'.repeat(32)}-${'1'.repeat(16)}-00`;
