import { Client, type ClientDuplexStream, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { AggregatedDiscovery } from '#api/xds/ads.ts';
import type {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
} from '#api/xds/gen/envoy/service/discovery/v3/discovery_pb.js';
import type { DiscoveryCall, DiscoveryEvents, DiscoveryTransport } from './transport.ts';

type Stream = ClientDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>;

const OPTIONS = {
  /** The whole configuration of a large mesh comes in one response. */
  'grpc.max_receive_message_length': 256 * 1024 * 1024,
  /** Reconnection of the channel: quick, since the control plane is near. */
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 3_000,
  /** Finds a control plane that vanished without closing the connection. */
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.enable_http_proxy': 0,
  'grpc.enable_channelz': 0,
  'grpc.service_config_disable_resolution': 1,
};

/** Delta ADS over gRPC in plaintext. `target` is `unix:/path` or `host:port`. */
export function grpcTransport(target: string): DiscoveryTransport {
  const client = new Client(target, credentials.createInsecure(), OPTIONS);
  const method = AggregatedDiscovery.deltaAggregatedResources;
  return {
    open(events) {
      const stream: Stream = client.makeBidiStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
      );
      return carry(stream, events);
    },
    close: () => client.close(),
  };
}

function carry(stream: Stream, events: DiscoveryEvents): DiscoveryCall {
  let over = false;
  const end = (reason: string): void => {
    if (over) return;
    over = true;
    events.ended(reason);
  };
  stream.on('data', (response: DeltaDiscoveryResponse) => {
    if (!over) events.response(response);
  });
  stream.on('error', (error: ServiceError) => end(`${status[error.code] ?? error.code}: ${error.details}`));
  stream.on('end', () => end('the control plane ended the stream'));
  return {
    send: (request) => stream.write(request),
    cancel() {
      over = true;
      stream.cancel();
    },
  };
}
