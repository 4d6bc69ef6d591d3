/** A collector for tests: gRPC by the official library, messages decoded by OpenTelemetry's own definitions. */
import { fromBinary } from '@bufbuild/protobuf';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from '#api/otlp/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';

const same = (bytes: Buffer): Buffer => bytes;
const EXPORT = {
  export: {
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  },
};

export class OtlpReceiver implements Disposable {
  /** Everything that came, in order. */
  readonly requests: ExportTraceServiceRequest[] = [];
  readonly #server = new Server();

  private constructor() {
    this.#server.addService(EXPORT, {
      export: (call: { request: Buffer }, answer: (error: null, value: Buffer) => void) => {
        this.requests.push(fromBinary(ExportTraceServiceRequestSchema, call.request));
        answer(null, Buffer.alloc(0));
      },
    });
  }

  static async start(host: string, port: number): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    await new Promise<void>((resolve, reject) => {
      receiver.#server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
    return receiver;
  }

  [Symbol.dispose](): void {
    this.#server.forceShutdown();
  }
}
