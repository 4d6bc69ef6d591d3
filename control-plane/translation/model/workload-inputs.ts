/** Where services' requests may go: pods, their nodes, the slices that name them, and workloads outside of the mesh. */
import type { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Node } from '#api/kinds/node.ts';
import type { Pod } from '#api/kinds/pod.ts';
import type { WorkloadEntry } from '#api/kinds/workload-entry.ts';
import type { Dirt } from './dirt.ts';
import { compare } from './host-match.ts';
import type { InputOptions } from './input-change.ts';
import { Links } from './links.ts';
import { type Locality, localityOfNode, NOWHERE } from './locality.ts';
import type { MeshService } from './mesh-service.ts';
import { type PodFacts, podFactsOf } from './pod-facts.ts';
import { put } from './put.ts';
import { same } from './same.ts';
import { type Slice, sliceOf } from './slice.ts';
import { type Workload, workloadOf } from './workload.ts';

/** The services of the mesh, as they are now. */
export interface Services {
  readonly byHost: ReadonlyMap<string, MeshService>;
  in(namespace: string): readonly MeshService[];
}

export class WorkloadInputs {
  readonly pods = new Map<string, PodFacts>();
  readonly #options: InputOptions;
  readonly #services: Services;
  readonly #nodes = new Map<string, Locality>();
  readonly #workloads = new Map<string, Workload>();
  readonly #slices = new Map<string, Slice>();
  readonly #slicesOfHost = new Links();
  readonly #slicesOfPod = new Links();
  readonly #workloadsOfNamespace = new Links();
  readonly #podsOfNamespace = new Links();

  constructor(options: InputOptions, services: Services) {
    this.#options = options;
    this.#services = services;
  }

  slicesOf(host: string): Slice[] {
    return this.#slicesOfHost.get(host).map((key) => this.#slices.get(key)!);
  }

  /** In the order of their names, whichever came first. */
  workloadsIn(namespace: string): Workload[] {
    return this.#workloadsOfNamespace
      .get(namespace)
      .sort(compare)
      .map((key) => this.#workloads.get(key)!);
  }

  podsIn(namespace: string): PodFacts[] {
    return this.#podsOfNamespace
      .get(namespace)
      .sort(compare)
      .map((key) => this.pods.get(key)!);
  }

  /** Where a pod is: what its own label says, else where its node is. */
  localityOf(pod: PodFacts | undefined): Locality {
    return pod?.locality ?? this.localityOfNode(pod?.node ?? '') ?? NOWHERE;
  }

  localityOfNode(name: string): Locality | undefined {
    return this.#nodes.get(name);
  }

  putSlice(key: string, object: Stored<EndpointSlice> | undefined, dirt: Dirt): void {
    const next = object && sliceOf(object, this.#options.clusterDomain);
    const before = this.#slices.get(key);
    put(this.#slices, key, next);
    this.#slicesOfHost.relink(key, before && [before.host], next && [next.host]);
    this.#slicesOfPod.relink(key, before && podsOf(before), next && podsOf(next));
    for (const slice of [before, next]) if (slice !== undefined) dirt.endpoints.add(slice.host);
  }

  putPod(key: string, object: Stored<Pod> | undefined, dirt: Dirt): void {
    const before = this.pods.get(key);
    const next = object && podFactsOf(object, this.#options.clusterId);
    if (same(before, next)) return;
    put(this.pods, key, next);
    this.#podsOfNamespace.relink(key, before && [before.namespace], next && [next.namespace]);
    dirt.pods.add(key);
    if (next !== undefined && !same(this.#place(before), this.#place(next))) dirt.clients.add(key);
    for (const slice of this.#slicesOfPod.get(key)) dirt.endpoints.add(this.#slices.get(slice)!.host);
    this.#staleSelectors(key, dirt);
  }

  #place(pod: PodFacts | undefined): unknown {
    return [pod?.labels, this.localityOf(pod)];
  }

  putNode(name: string, object: Stored<Node> | undefined, dirt: Dirt): void {
    const next = object && localityOfNode(object.metadata.labels ?? {});
    if (same(this.#nodes.get(name), next)) return;
    put(this.#nodes, name, next);
    for (const [key, pod] of this.pods) if (pod.node === name) dirt.clients.add(key);
    for (const host of this.#services.byHost.keys()) dirt.endpoints.add(host);
  }

  putEntry(key: string, object: Stored<WorkloadEntry> | undefined, dirt: Dirt): void {
    const before = this.#workloads.get(key);
    const next = object && workloadOf(object, this.#options.clusterId);
    if (same(before, next)) return;
    put(this.#workloads, key, next);
    this.#workloadsOfNamespace.relink(key, before && [before.namespace], next && [next.namespace]);
    this.#staleSelectors(key, dirt);
  }

  /** ServiceEntries may select pods and WorkloadEntries, Services WorkloadEntries. */
  #staleSelectors(key: string, dirt: Dirt): void {
    const isPod = dirt.pods.has(key);
    for (const { host, source, selector } of this.#services.in(key.slice(0, key.indexOf('/'))))
      if (selector !== undefined && (source === 'ServiceEntry' || !isPod)) dirt.endpoints.add(host);
  }
}

function podsOf(slice: Slice): string[] {
  return slice.endpoints.flatMap(({ podKey }) => (podKey === undefined ? [] : [podKey]));
}
