/** OTLP receivers on loopback that decode with OpenTelemetry's own messages, and do what a test wants of them. */
import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { fromBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type sendUnaryData,
} from '@grpc/grpc-js';
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from '#api/otlp/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import type { Span as OtlpSpan } from '#api/otlp/gen/opentelemetry/proto/trace/v1/trace_pb.js';

export interface Received {
  readonly request: ExportTraceServiceRequest;
  readonly headers: IncomingHttpHeaders;
  /** Of the message. */
  readonly bytes: number;
}

export interface Receiver extends AsyncDisposable {
  readonly port: number;
  readonly received: Received[];
}

/** `flags` of a span: later than the messages that are generated here (opentelemetry-proto 1.1.0). */
const SPAN_FLAGS = 16;

/** Fails on anything that OTLP does not know. */
export function decode(bytes: Uint8Array): ExportTraceServiceRequest {
  const request = fromBinary(ExportTraceServiceRequestSchema, bytes);
  for (const span of spansOf([{ request }])) {
    const unknown = (span.$unknown ?? []).map(({ no }) => no);
    if (unknown.join() !== String(SPAN_FLAGS)) throw new Error(`a span has the unknown fields ${unknown}`);
  }
  for (const { resource, scopeSpans, $unknown } of request.resourceSpans) {
    const messages = [resource, ...scopeSpans, ...scopeSpans.map(({ scope }) => scope)];
    if ([$unknown, ...messages.map((each) => each?.$unknown)].some((fields) => fields !== undefined)) {
      throw new Error('an unknown field around the spans');
    }
  }
  return request;
}

/** A span's `flags`, which travel as four octets. */
export function flagsOf(span: OtlpSpan): number {
  return Buffer.from(span.$unknown?.[0]?.data ?? []).readUInt32LE();
}

export function spansOf(received: readonly Pick<Received, 'request'>[]): OtlpSpan[] {
  return received.flatMap(({ request }) =>
    request.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  );
}

export function attributesOf(of: {
  readonly attributes: readonly {
    readonly key: string;
    readonly value?: { readonly value: { readonly value?: unknown } } | undefined;
  }[];
}): Record<string, unknown> {
  return Object.fromEntries(of.attributes.map(({ key, value }) => [key, value?.value.value]));
}

export type HttpAnswer = (response: ServerResponse, number: number, request: IncomingMessage) => void;

export const tookAll: HttpAnswer = (response) => {
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
};

/** `answer` gets each request, whole and decoded; the first has number 1. */
export async function startHttpReceiver(answer: HttpAnswer = tookAll): Promise<Receiver> {
  const received: Received[] = [];
  const server = createHttpServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const headers: IncomingHttpHeaders = {
        ...request.headers,
        ':path': request.url,
        ':method': request.method,
      };
      const message = Buffer.concat(pieces);
      received.push({ request: decode(message), headers, bytes: message.length });
      answer(response, received.length, request);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server),
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

export interface GrpcFailure {
  readonly code: number;
  readonly details: string;
  readonly metadata?: Readonly<Record<string, string | Buffer>>;
}

/** What a call gets; undefined: everything is taken. */
export type GrpcAnswer = (number: number) => Rejected | GrpcFailure | undefined;

/** Spans that are not taken. */
export interface Rejected {
  readonly rejected: number;
}

export async function startGrpcReceiver(answer: GrpcAnswer = () => undefined): Promise<Receiver> {
  const received: Received[] = [];
  const server = new Server();
  const identity = (bytes: Buffer): Buffer => bytes;
  const service: ServiceDefinition = {
    export: {
      path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    },
  };
  server.addService(service, {
    export: (
      call: { readonly request: Buffer; readonly metadata: Metadata },
      done: sendUnaryData<Buffer>,
    ) => {
      const headers = call.metadata.getMap() as Record<string, string>;
      received.push({ request: decode(call.request), headers, bytes: call.request.length });
      reply(answer(received.length), done);
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    port,
    received,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

function reply(answer: ReturnType<GrpcAnswer>, done: sendUnaryData<Buffer>): void {
  if (answer !== undefined && 'code' in answer) {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(answer.metadata ?? {})) metadata.add(name, value);
    done({ code: answer.code, details: answer.details, metadata });
    return;
  }
  done(null, partialSuccess(answer?.rejected ?? 0));
}

/** An ExportTraceServiceResponse whose `partial_success` is said: later than the messages that are generated here, too. */
export function partialSuccess(rejected: number): Buffer {
  if (rejected === 0) return Buffer.alloc(0);
  const said = new BinaryWriter();
  said.tag(1, WireType.Varint).int64(rejected).tag(2, WireType.LengthDelimited).string('not these');
  const response = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(said.finish());
  return Buffer.from(response.finish());
}

export function portOf(server: NetServer): number {
  return (server.address() as AddressInfo).port;
}
