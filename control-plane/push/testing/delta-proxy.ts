/** A proxy for tests: one real delta stream that subscribes like a sidecar, keeps what it got and records everything. */
import { create } from '@bufbuild/protobuf';
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import { AggregatedDiscovery } from '#api/xds/ads.ts';
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
} from '#api/xds/gen/envoy/service/discovery/v3/discovery_pb.js';
import { sidecarNodeId } from '#api/xds/node-metadata.ts';
import type { ResourceType } from '#api/xds/resource-types.ts';

export class DeltaProxy {
  readonly responses: DeltaDiscoveryResponse[] = [];
  /** What the proxy holds, by type and name: the versions. */
  readonly held = new Map<string, Map<string, string>>();
  /** Asked before each acknowledgement; a sentence makes it a NACK, false withholds the answer. */
  answer: (response: DeltaDiscoveryResponse) => string | undefined | false = () => undefined;
  closed = false;
  readonly #client: Client;
  readonly #stream: ClientDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>;
  readonly #node: string;
  #wake = Promise.withResolvers<void>();

  constructor(target: string, node: string = sidecarNodeId('web-1', 'default', '10.244.0.9')) {
    this.#node = node;
    const options = { 'grpc.use_local_subchannel_pool': 1 };
    this.#client = new Client(target, credentials.createInsecure(), options);
    const { path, requestSerialize, responseDeserialize } = AggregatedDiscovery.deltaAggregatedResources;
    this.#stream = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    this.#stream.on('data', (response: DeltaDiscoveryResponse) => this.#receive(response));
    this.#stream.on('error', () => this.#end());
    this.#stream.on('end', () => this.#end());
  }

  subscribe(type: ResourceType, names: readonly string[] = [], initial: Record<string, string> = {}): void {
    this.#send({ typeUrl: type, resourceNamesSubscribe: [...names], initialResourceVersions: initial });
  }

  acknowledge(response: DeltaDiscoveryResponse, error?: string): void {
    this.#send({
      typeUrl: response.typeUrl,
      responseNonce: response.nonce,
      ...(error === undefined ? {} : { errorDetail: { code: 3, message: error } }),
    });
  }

  /** Resolves when `predicate`, asked now and after every response, is true; rejects when the stream ends before. */
  async until(predicate: () => boolean): Promise<void> {
    while (!predicate()) {
      if (this.closed) throw new Error('the stream ended');
      await this.#wake.promise;
    }
  }

  namesOf(type: ResourceType): string[] {
    return [...(this.held.get(type)?.keys() ?? [])].sort();
  }

  close(): void {
    this.#stream.cancel();
    this.#client.close();
  }

  #send(request: Omit<Parameters<typeof create<typeof DeltaDiscoveryRequestSchema>>[1], '$typeName'>): void {
    const node = { id: this.#node };
    this.#stream.write(create(DeltaDiscoveryRequestSchema, { node, ...request }));
  }

  #receive(response: DeltaDiscoveryResponse): void {
    this.responses.push(response);
    const verdict = this.answer(response);
    if (verdict === undefined) this.#keep(response);
    if (verdict !== false) this.acknowledge(response, verdict);
    this.#notify();
  }

  #keep(response: DeltaDiscoveryResponse): void {
    const held = this.held.get(response.typeUrl) ?? new Map<string, string>();
    for (const { name, version } of response.resources) held.set(name, version);
    for (const name of response.removedResources) held.delete(name);
    this.held.set(response.typeUrl, held);
  }

  #end(): void {
    this.closed = true;
    this.#notify();
  }

  #notify(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }
}
