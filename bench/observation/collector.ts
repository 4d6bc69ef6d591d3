/** `node collector.ts PORT`: takes OTLP over gRPC and forgets it, as quickly as a collector can. */
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';

const port = process.argv[2] ?? '';
const same = (bytes: Buffer): Buffer => bytes;

/** opentelemetry.proto.collector.trace.v1.TraceService; an empty answer says that all of it was taken. */
const TRACE_SERVICE: ServiceDefinition = {
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

const server = new Server();
server.addService(TRACE_SERVICE, {
  export: (_call: unknown, answer: (error: null, value: Buffer) => void) => answer(null, Buffer.alloc(0)),
});
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
});
