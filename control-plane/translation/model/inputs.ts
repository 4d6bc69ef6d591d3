/**
 * The index of what translation reads, and of what depends on what. Each input is reduced to the part that matters
 * at the door, so that a heartbeat in some status never derives anything.
 */
import type { DestinationRule } from '#api/kinds/destination-rule.ts';
import type { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import type { Service } from '#api/kinds/service.ts';
import type { VirtualService } from '#api/kinds/virtual-service.ts';
import { resolveHost, serviceHost } from '#api/mesh/names.ts';
import { Claims } from './claims.ts';
import { Dirt } from './dirt.ts';
import { isWildcard, keyOf, wildcardCovers } from './host-match.ts';
import { Links } from './links.ts';
import { type MeshService, meshServiceOf } from './mesh-service.ts';
import { type PodFacts, podFactsOf } from './pod-facts.ts';
import { type Slice, sliceOf } from './slice.ts';

/** One input as it is now; `object` undefined: it is gone. `key` is `NAMESPACE/NAME`. */
export type InputChange =
  | { readonly kind: 'Service'; readonly key: string; readonly object: Stored<Service> | undefined }
  | {
      readonly kind: 'EndpointSlice';
      readonly key: string;
      readonly object: Stored<EndpointSlice> | undefined;
    }
  | { readonly kind: 'Pod'; readonly key: string; readonly object: Stored<Pod> | undefined }
  | {
      readonly kind: 'VirtualService';
      readonly key: string;
      readonly object: Stored<VirtualService> | undefined;
    }
  | {
      readonly kind: 'DestinationRule';
      readonly key: string;
      readonly object: Stored<DestinationRule> | undefined;
    };

export interface InputOptions {
  readonly clusterDomain: string;
  readonly clusterId: string;
}

export class Inputs {
  readonly options: InputOptions;
  readonly services = new Map<string, MeshService>();
  readonly pods = new Map<string, PodFacts>();
  readonly virtualServices = new Claims<Stored<VirtualService>>();
  readonly destinationRules = new Claims<Stored<DestinationRule>>();
  readonly #slices = new Map<string, Slice>();
  readonly #slicesOfHost = new Links();
  readonly #slicesOfPod = new Links();
  readonly #servicesOfNamespace = new Links();
  /** VirtualServices by the hosts that their destinations name. */
  readonly #rulesToHost = new Links();

  constructor(options: InputOptions) {
    this.options = options;
  }

  servicesIn(namespace: string): MeshService[] {
    return this.#servicesOfNamespace.get(namespace).map((host) => this.services.get(host)!);
  }

  slicesOf(host: string): Slice[] {
    return this.#slicesOfHost.get(host).map((key) => this.#slices.get(key)!);
  }

  /** The services that a claim speaks of: the one of that name, or all that a wildcard covers. */
  servicesUnder(claim: string): string[] {
    if (!isWildcard(claim)) return this.services.has(claim) ? [claim] : [];
    return [...this.services.keys()].filter((host) => wildcardCovers(claim, host));
  }

  /** Takes the changes in and says what they make stale. */
  ingest(changes: Iterable<InputChange>): Dirt {
    const dirt = new Dirt();
    for (const change of changes) this.#ingestOne(change, dirt);
    return dirt;
  }

  #ingestOne(change: InputChange, dirt: Dirt): void {
    switch (change.kind) {
      case 'Service':
        this.#service(change.key, change.object, dirt);
        break;
      case 'EndpointSlice':
        this.#slice(change.key, change.object, dirt);
        break;
      case 'Pod':
        this.#pod(change.key, change.object, dirt);
        break;
      case 'VirtualService':
        this.#virtualService(change.key, change.object, dirt);
        break;
      case 'DestinationRule':
        this.#destinationRule(change.key, change.object, dirt);
        break;
    }
  }

  #service(key: string, object: Stored<Service> | undefined, dirt: Dirt): void {
    const [namespace = '', name = ''] = key.split('/');
    const host = serviceHost(name, namespace, this.options.clusterDomain);
    const next = object && meshServiceOf(object, this.options.clusterDomain);
    const before = this.services.get(host);
    if (same(before, next)) return;
    put(this.services, host, next);
    this.#servicesOfNamespace.relink(host, before && [namespace], next && [namespace]);
    dirt.services.add(host);
    dirt.namespaces.add(namespace);
    if ((before === undefined) !== (next === undefined)) dirt.foreignHosts = true;
    for (const rule of this.#rulesToHost.get(host)) this.#staleRule(rule, dirt);
    this.#restateClaims(host, dirt);
  }

  #slice(key: string, object: Stored<EndpointSlice> | undefined, dirt: Dirt): void {
    const next = object && sliceOf(object, this.options.clusterDomain);
    const before = this.#slices.get(key);
    put(this.#slices, key, next);
    this.#slicesOfHost.relink(key, before && [before.host], next && [next.host]);
    this.#slicesOfPod.relink(key, before && podsOf(before), next && podsOf(next));
    for (const slice of [before, next]) if (slice !== undefined) dirt.endpoints.add(slice.host);
  }

  #pod(key: string, object: Stored<Pod> | undefined, dirt: Dirt): void {
    const next = object && podFactsOf(object, this.options.clusterId);
    if (same(this.pods.get(key), next)) return;
    put(this.pods, key, next);
    dirt.pods.add(key);
    for (const slice of this.#slicesOfPod.get(key)) dirt.endpoints.add(this.#slices.get(slice)!.host);
  }

  #virtualService(key: string, object: Stored<VirtualService> | undefined, dirt: Dirt): void {
    const before = this.virtualServices.get(key);
    if (same(before?.spec, object?.spec) && same(before?.metadata.uid, object?.metadata.uid)) return;
    const hosts = object === undefined ? [] : this.#claimedHosts(object.spec.hosts ?? [], key);
    this.#rulesToHost.relink(
      key,
      before && this.destinationHosts(before),
      object && this.destinationHosts(object),
    );
    dirt.virtualServices.add(key);
    for (const claim of this.virtualServices.put(key, object, hosts)) this.#staleClaim(claim, dirt);
  }

  #destinationRule(key: string, object: Stored<DestinationRule> | undefined, dirt: Dirt): void {
    const before = this.destinationRules.get(key);
    if (same(before?.spec, object?.spec) && same(before?.metadata.uid, object?.metadata.uid)) return;
    const hosts = object === undefined ? [] : this.#claimedHosts([object.spec.host], key);
    dirt.destinationRules.add(key);
    for (const claim of this.destinationRules.put(key, object, hosts)) {
      for (const host of this.servicesUnder(claim)) {
        dirt.services.add(host);
        for (const rule of this.#rulesToHost.get(host)) dirt.virtualServices.add(rule);
      }
      for (const rule of this.destinationRules.on(claim)) dirt.destinationRules.add(keyOf(rule));
    }
  }

  /** Every host that a VirtualService's destinations name. */
  destinationHosts({ metadata, spec }: Stored<VirtualService>): string[] {
    const namespace = metadata.namespace ?? 'default';
    const hosts = (spec.http ?? []).flatMap(({ route = [] }) =>
      route.map(({ destination }) => this.#resolve(destination.host, namespace)),
    );
    return [...new Set(hosts)];
  }

  /** `*` alone claims the whole world: Istio refuses it in the mesh, and so does a condition. */
  #claimedHosts(hosts: readonly string[], key: string): string[] {
    const namespace = key.split('/', 1)[0] ?? 'default';
    return [...new Set(hosts.map((host) => this.#resolve(host, namespace)))].filter((host) => host !== '*');
  }

  #resolve(host: string, namespace: string): string {
    const lower = host.toLowerCase();
    return isWildcard(lower) ? lower : resolveHost(lower, namespace, this.options.clusterDomain);
  }

  /** A destination of this VirtualService changed: its routes and its verdict may differ. */
  #staleRule(key: string, dirt: Dirt): void {
    dirt.virtualServices.add(key);
    for (const claim of this.virtualServices.hostsOf(key)) this.#staleClaim(claim, dirt);
  }

  #staleClaim(claim: string, dirt: Dirt): void {
    const hosts = this.servicesUnder(claim);
    for (const host of hosts) dirt.services.add(host);
    if (hosts.length === 0 || !this.services.has(claim)) dirt.foreignHosts = true;
    for (const rule of this.virtualServices.on(claim)) dirt.virtualServices.add(keyOf(rule));
  }

  /** A service came, changed or went: the rules that speak for it may have become right or wrong. */
  #restateClaims(host: string, dirt: Dirt): void {
    for (const rule of this.virtualServices.for(host)) dirt.virtualServices.add(keyOf(rule));
    for (const rule of this.destinationRules.for(host)) dirt.destinationRules.add(keyOf(rule));
  }
}

function podsOf(slice: Slice): string[] {
  return slice.endpoints.flatMap(({ podKey }) => (podKey === undefined ? [] : [podKey]));
}

function put<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

/** Plain data, built or stored in one order of members: equal text is equal content. */
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
