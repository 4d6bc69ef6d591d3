import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { type ChannelOptions, type handleBidiStreamingCall, Server, ServerCredentials } from '@grpc/grpc-js';
import { messageOf, WeftError } from '#api/foundation/errors.ts';
import { AggregatedDiscovery } from '#api/xds/ads.ts';
import type {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  DiscoveryRequest,
  DiscoveryResponse,
} from '#api/xds/gen/envoy/service/discovery/v3/discovery_pb.js';
import { type StreamTools, serveStream } from './ads-stream.ts';
import type { Transport } from './identity.ts';
import { DELTA_WIRE, SOTW_WIRE } from './wire.ts';

export interface AdsAddress {
  /** Unix socket in a directory of its own inside one that is root's alone: whoever sees it may ask. */
  readonly socketPath: string;
  /** Plaintext on loopback, for gRPC clients of the host. */
  readonly port: number;
}

export interface AdsServer {
  close(): Promise<void>;
}

/** A first request with all of a big mesh's names and versions fits; nothing endless does. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;

const OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': MAX_REQUEST_BYTES,
  'grpc.max_send_message_length': -1,
  /** A proxy that died without a word is noticed after the sum of the two. */
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.max_concurrent_streams': 16,
};

/** Serves both variants of the protocol. Throws a WeftError `XdsAddressInUse` when an address cannot be had. */
export async function startAdsServer(address: AdsAddress, tools: StreamTools): Promise<AdsServer> {
  const loopback = serverFor('loopback', tools);
  const socket = serverFor('socket', tools);
  const shutDown = (): void => {
    loopback.forceShutdown();
    socket.forceShutdown();
  };
  try {
    await bind(loopback, `127.0.0.1:${address.port}`);
    await bindSocket(socket, address.socketPath);
  } catch (cause) {
    shutDown();
    throw new WeftError('XdsAddressInUse', `xDS cannot listen: ${messageOf(cause)}`, {
      remedy: 'stop the other control plane, or give this mesh another xdsPort',
      cause,
    });
  }
  return {
    async close() {
      shutDown();
      rmSync(address.socketPath, { force: true });
    },
  };
}

function serverFor(transport: Transport, tools: StreamTools): Server {
  const server = new Server(OPTIONS);
  const delta: handleBidiStreamingCall<DeltaDiscoveryRequest, DeltaDiscoveryResponse> = (call) =>
    serveStream(call, DELTA_WIRE, transport, tools);
  const stateOfTheWorld: handleBidiStreamingCall<DiscoveryRequest, DiscoveryResponse> = (call) =>
    serveStream(call, SOTW_WIRE, transport, tools);
  server.addService(AggregatedDiscovery, {
    deltaAggregatedResources: delta,
    streamAggregatedResources: stateOfTheWorld,
  });
  return server;
}

/**
 * A control plane that was killed leaves its socket file. The port is taken by now, so that it is nobody's who runs.
 * Sidecars are no users of the machine, so everybody may connect who sees the socket: its directory is mounted into their
 * containers, and on the host it stands in one that only root may enter.
 */
async function bindSocket(server: Server, path: string): Promise<void> {
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true });
  chmodSync(dirname(directory), 0o700);
  chmodSync(directory, 0o755);
  rmSync(path, { force: true });
  await bind(server, `unix:${path}`);
  chmodSync(path, 0o666);
}

function bind(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}
