/**
 * The aggregated discovery service as `@grpc/grpc-js` wants it declared, for the server and for the client. The
 * messages are protobuf-es': one library encodes everything, and `Any.value` bytes that were encoded once are
 * copied through as they are.
 */
import { type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { MethodDefinition } from '@grpc/grpc-js';
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
  type DiscoveryRequest,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from './gen/envoy/service/discovery/v3/discovery_pb.js';

const SERVICE = 'envoy.service.discovery.v3.AggregatedDiscoveryService';

/** gRPC service definition: pass it to `server.addService`, or to `client.makeBidiStreamRequest` method by method. */
export const AggregatedDiscovery = {
  /** State of the world. */
  streamAggregatedResources: bidirectional<DiscoveryRequest, DiscoveryResponse>(
    'StreamAggregatedResources',
    codecOf(DiscoveryRequestSchema),
    codecOf(DiscoveryResponseSchema),
  ),
  /** Delta, also called incremental. */
  deltaAggregatedResources: bidirectional<DeltaDiscoveryRequest, DeltaDiscoveryResponse>(
    'DeltaAggregatedResources',
    codecOf(DeltaDiscoveryRequestSchema),
    codecOf(DeltaDiscoveryResponseSchema),
  ),
} as const;

interface Codec<T> {
  readonly encode: (message: T) => Buffer;
  readonly decode: (bytes: Buffer) => T;
}

function codecOf<Desc extends DescMessage>(schema: Desc): Codec<MessageShape<Desc>> {
  return {
    encode(message) {
      const bytes = toBinary(schema, message);
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    decode: (bytes) => fromBinary(schema, bytes),
  };
}

function bidirectional<Request, Response>(
  method: string,
  request: Codec<Request>,
  response: Codec<Response>,
): MethodDefinition<Request, Response> {
  return {
    path: `/${SERVICE}/${method}`,
    requestStream: true,
    responseStream: true,
    requestSerialize: request.encode,
    requestDeserialize: request.decode,
    responseSerialize: response.encode,
    responseDeserialize: response.decode,
  };
}
