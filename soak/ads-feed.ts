/**
 * The control plane of a soak: holds what is to be configured, and tells it to whoever subscribes, over real delta ADS. What
 * changes within one turn of the event loop goes out in one response for each type.
 */
import { create } from '@bufbuild/protobuf';
import { Server, ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { AggregatedDiscovery } from '#api/xds/ads.ts';
import {
  type DeltaDiscoveryRequest,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
} from '#api/xds/gen/envoy/service/discovery/v3/discovery_pb.js';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  type ResourceType,
  ROUTE_TYPE,
} from '#api/xds/resource-types.ts';
import type { Resource } from '#sidecar/discovery/resource.ts';

type Stream = ServerDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>;

/** Make before break: nothing names what is not there yet. */
const ORDER = [CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE] as const;
/** Types that are told whole; of the others only what was asked for. */
const WILDCARD: ReadonlySet<string> = new Set([CLUSTER_TYPE, LISTENER_TYPE]);

export interface FeedCounts {
  /** Responses that were sent, and what became of them. */
  sent: number;
  acknowledged: number;
  refused: number;
  streams: number;
}

export class AdsFeed {
  readonly counts: FeedCounts = { sent: 0, acknowledged: 0, refused: 0, streams: 0 };
  /** Why the sidecar refused what it got, the first few. */
  readonly refusals: string[] = [];
  readonly #server = new Server();
  readonly #resources = new Map<string, Map<string, Resource>>(ORDER.map((type) => [type, new Map()]));
  readonly #changed = new Map<string, Set<string>>(ORDER.map((type) => [type, new Set()]));
  #stream: Subscriber | undefined;
  #version = 0;
  #scheduled = false;

  async start(): Promise<number> {
    this.#server.addService(AggregatedDiscovery, {
      deltaAggregatedResources: (stream: Stream) => this.#accept(stream),
    });
    return new Promise((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  /** The sidecar has a stream that has not been broken. */
  get connected(): boolean {
    return this.#stream !== undefined;
  }

  /** Sets resources, each under its name and with a version of its own. */
  set(type: ResourceType, ...resources: readonly Resource[]): void {
    for (const resource of resources) {
      this.#version += 1;
      this.#resources.get(type)!.set(resource.name, { ...resource, version: String(this.#version) });
      this.#changed.get(type)!.add(resource.name);
    }
    this.#schedule();
  }

  remove(type: ResourceType, ...names: readonly string[]): void {
    for (const name of names) {
      this.#resources.get(type)!.delete(name);
      this.#changed.get(type)!.add(name);
    }
    this.#schedule();
  }

  /** Breaks the stream; the sidecar is to come back and be told everything anew. */
  drop(): void {
    this.#stream?.stream.emit('error', { code: status.UNAVAILABLE, details: 'gone for a while' });
    this.#stream = undefined;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      for (const type of ORDER) {
        const changed = this.#changed.get(type)!;
        const names = [...changed];
        changed.clear();
        this.#tell(type, names);
      }
    });
  }

  #tell(type: ResourceType, names: readonly string[]): void {
    const subscriber = this.#stream;
    if (subscriber === undefined) return;
    const all = this.#resources.get(type)!;
    const wanted = names.filter((name) => subscriber.wants(type, name));
    if (wanted.length === 0) return;
    this.counts.sent += 1;
    const nonce = String(this.counts.sent);
    subscriber.stream.write(
      create(DeltaDiscoveryResponseSchema, {
        typeUrl: type,
        nonce,
        removedResources: wanted.filter((name) => !all.has(name)),
        resources: wanted
          .map((name) => all.get(name))
          .filter((resource) => resource !== undefined)
          .map(({ name, version, bytes }) => ({ name, version, resource: { typeUrl: type, value: bytes } })),
      }),
    );
  }

  #accept(stream: Stream): void {
    const subscriber = new Subscriber(stream);
    this.#stream = subscriber;
    this.counts.streams += 1;
    stream.on('error', () => {});
    stream.on('end', () => stream.end());
    stream.on('data', (request: DeltaDiscoveryRequest) => {
      const type = request.typeUrl as ResourceType;
      this.#note(request);
      const fresh = subscriber.subscribe(request);
      const names = fresh === 'all' ? [...this.#resources.get(type)!.keys()] : fresh;
      if (this.#stream === subscriber) this.#tell(type, names);
    });
  }

  #note({ responseNonce, errorDetail }: DeltaDiscoveryRequest): void {
    if (responseNonce === '') return;
    if (errorDetail === undefined) this.counts.acknowledged += 1;
    else {
      this.counts.refused += 1;
      if (this.refusals.length < 10) this.refusals.push(errorDetail.message);
    }
  }
}

class Subscriber {
  readonly stream: Stream;
  readonly #names = new Map<string, Set<string>>();

  constructor(stream: Stream) {
    this.stream = stream;
  }

  wants(type: string, name: string): boolean {
    const names = this.#names.get(type);
    return names !== undefined && (WILDCARD.has(type) || names.has(name));
  }

  /** Returns what the stream has not heard of yet. */
  subscribe(request: DeltaDiscoveryRequest): readonly string[] | 'all' {
    const known = this.#names.get(request.typeUrl);
    const names = known ?? new Set<string>();
    this.#names.set(request.typeUrl, names);
    for (const name of request.resourceNamesUnsubscribe) names.delete(name);
    for (const name of request.resourceNamesSubscribe) names.add(name);
    if (!WILDCARD.has(request.typeUrl)) return request.resourceNamesSubscribe;
    return known === undefined ? 'all' : [];
  }
}
