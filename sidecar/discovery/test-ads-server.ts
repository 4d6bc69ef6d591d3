import { create, type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { AggregatedDiscovery } from '#api/xds/ads.ts';
import {
  type DeltaDiscoveryRequest,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
} from '#api/xds/gen/envoy/service/discovery/v3/discovery_pb.js';
import type { ResourceType } from '#api/xds/resource-types.ts';
import type { Resource } from './resource.ts';

type Stream = ServerDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>;

/** A control plane for tests: a real gRPC server that says what the test tells it to say. */
export class TestAdsServer {
  readonly requests: DeltaDiscoveryRequest[] = [];
  #server: Server | undefined;
  #stream: Stream | undefined;
  #nonce = 0;
  #waiting: {
    wanted: (request: DeltaDiscoveryRequest) => boolean;
    resolve: (r: DeltaDiscoveryRequest) => void;
  }[] = [];

  /** Returns the port; pass the same one to come back after `stop`. */
  async start(port = 0): Promise<number> {
    const server = new Server();
    server.addService(AggregatedDiscovery, {
      deltaAggregatedResources: (stream: Stream) => this.#accept(stream),
    });
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
  }

  /** Dies without a word. */
  stop(): void {
    this.#server?.forceShutdown();
    this.#stream = undefined;
  }

  send(type: ResourceType, resources: readonly Resource[], removed: readonly string[] = []): string {
    this.#nonce += 1;
    const nonce = `n${this.#nonce}`;
    this.#stream?.write(
      create(DeltaDiscoveryResponseSchema, {
        typeUrl: type,
        nonce,
        removedResources: [...removed],
        resources: resources.map(({ name, version, bytes }) => ({
          name,
          version,
          resource: { typeUrl: type, value: bytes },
        })),
      }),
    );
    return nonce;
  }

  /** The first request, past or future, that is `wanted`; it is not returned again. */
  request(wanted: (request: DeltaDiscoveryRequest) => boolean): Promise<DeltaDiscoveryRequest> {
    const at = this.requests.findIndex(wanted);
    if (at >= 0) return Promise.resolve(this.requests.splice(at, 1)[0]!);
    return new Promise((resolve) => this.#waiting.push({ wanted, resolve }));
  }

  /** The ACK or NACK of a response. */
  answerTo(nonce: string): Promise<DeltaDiscoveryRequest> {
    return this.request((request) => request.responseNonce === nonce);
  }

  /** The request that subscribes to `name`. */
  subscription(type: ResourceType, name: string): Promise<DeltaDiscoveryRequest> {
    return this.request(
      (request) => request.typeUrl === type && request.resourceNamesSubscribe.includes(name),
    );
  }

  #accept(stream: Stream): void {
    this.#stream = stream;
    stream.on('error', () => {});
    stream.on('data', (request: DeltaDiscoveryRequest) => {
      const at = this.#waiting.findIndex(({ wanted }) => wanted(request));
      if (at >= 0) this.#waiting.splice(at, 1)[0]!.resolve(request);
      else this.requests.push(request);
    });
  }
}

export function resourceOf<Desc extends DescMessage>(
  schema: Desc,
  name: string,
  message: MessageShape<Desc>,
  version = '1',
): Resource {
  return { name, version, bytes: toBinary(schema, message) };
}
