/**
 * The index of what translation reads, and of what depends on what. Each input is reduced to the part that matters
 * at the door, so that a heartbeat in some status never derives anything.
 */
import type { ConfigMap } from '#api/kinds/config-map.ts';
import type { DestinationRule } from '#api/kinds/destination-rule.ts';
import type { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import type { Gateway } from '#api/kinds/gateway.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Node } from '#api/kinds/node.ts';
import type { Pod } from '#api/kinds/pod.ts';
import type { Secret } from '#api/kinds/secret.ts';
import type { Service } from '#api/kinds/service.ts';
import type { ServiceEntry } from '#api/kinds/service-entry.ts';
import type { Sidecar } from '#api/kinds/sidecar.ts';
import type { Telemetry } from '#api/kinds/telemetry.ts';
import type { VirtualService } from '#api/kinds/virtual-service.ts';
import type { WorkloadEntry } from '#api/kinds/workload-entry.ts';
import { type MeshSettings, SETTINGS_NAME, SETTINGS_NAMESPACE } from '#api/mesh/mesh-settings.ts';
import { ruleHost } from '#api/mesh/names.ts';
import { Claims } from './claims.ts';
import { Dirt } from './dirt.ts';
import { entryServices } from './entry-services.ts';
import { compare, isWildcard, keyOf, wildcardCovers } from './host-match.ts';
import type { InputChange, InputOptions } from './input-change.ts';
import { Links } from './links.ts';
import { type Locality, localityOfNode, NOWHERE } from './locality.ts';
import { type MeshService, meshServiceOf } from './mesh-service.ts';
import { type PodFacts, podFactsOf } from './pod-facts.ts';
import { RuleBook } from './rule-book.ts';
import { delegatesOf, destinationsOf } from './rule-destinations.ts';
import { same } from './same.ts';
import { ServiceTable } from './service-table.ts';
import { NO_SETTINGS, type SettingsState, settingsIn } from './settings-state.ts';
import { type Slice, sliceOf } from './slice.ts';
import { type TlsMaterial, tlsMaterialOf } from './tls-material.ts';
import { inlineWorkload, type Workload, workloadOf } from './workload.ts';

export type { InputChange, InputOptions } from './input-change.ts';

const SETTINGS_KEY = `${SETTINGS_NAMESPACE}/${SETTINGS_NAME}`;

export class Inputs {
  readonly options: InputOptions;
  readonly pods = new Map<string, PodFacts>();
  readonly virtualServices = new Claims<Stored<VirtualService>>();
  readonly destinationRules: RuleBook;
  readonly serviceEntries = new Map<string, Stored<ServiceEntry>>();
  readonly gateways = new Map<string, Stored<Gateway>>();
  readonly sidecars = new Map<string, Stored<Sidecar>>();
  readonly telemetries = new Map<string, Stored<Telemetry>>();
  /** By `NAMESPACE/NAME`; only Secrets that hold something for TLS. */
  readonly secrets = new Map<string, TlsMaterial>();
  readonly #table = new ServiceTable();
  readonly #nodes = new Map<string, Locality>();
  readonly #inline = new Map<string, readonly Workload[]>();
  readonly #workloads = new Map<string, Workload>();
  readonly #slices = new Map<string, Slice>();
  readonly #slicesOfHost = new Links();
  readonly #slicesOfPod = new Links();
  readonly #servicesOfNamespace = new Links();
  readonly #hostsAt = new Links();
  readonly #workloadsOfNamespace = new Links();
  readonly #podsOfNamespace = new Links();
  /** VirtualServices by the hosts that their destinations name, and by the VirtualServices that they delegate to. */
  readonly #rulesToHost = new Links();
  readonly #delegators = new Links();
  #settings: SettingsState = NO_SETTINGS;

  constructor(options: InputOptions) {
    this.options = options;
    this.destinationRules = new RuleBook(options.rootNamespace);
  }

  /** By full name. */
  get services(): ReadonlyMap<string, MeshService> {
    return this.#table.byHost;
  }

  get rootNamespace(): string {
    return this.destinationRules.rootNamespace;
  }

  /** The defaults where nobody wrote any, or wrote what cannot be read. */
  get settings(): MeshSettings {
    return this.#settings.settings;
  }

  get hasSettings(): boolean {
    return this.#settings.present;
  }

  get settingsMistakes(): SettingsState['mistakes'] {
    return this.#settings.mistakes;
  }

  servicesIn(namespace: string): MeshService[] {
    return this.#servicesOfNamespace.get(namespace).flatMap((host) => this.services.get(host) ?? []);
  }

  /** The Service whose own an address is: no ServiceEntry can take its connections. */
  serviceAt(address: string): MeshService | undefined {
    return this.#hostsAt
      .get(address)
      .map((host) => this.services.get(host))
      .find((service) => service?.source === 'Service');
  }

  slicesOf(host: string): Slice[] {
    return this.#slicesOfHost.get(host).map((key) => this.#slices.get(key)!);
  }

  /** What a ServiceEntry names as its endpoints. */
  inlineOf({ namespace, name }: MeshService): readonly Workload[] {
    return this.#inline.get(`${namespace}/${name}`) ?? [];
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

  /** The services that a claim speaks of: the one of that name, or all that a wildcard covers. */
  servicesUnder(claim: string): string[] {
    if (!isWildcard(claim)) return this.services.has(claim) ? [claim] : [];
    return [...this.services.keys()].filter((host) => wildcardCovers(claim, host));
  }

  /** The entry's hosts that somebody else speaks for. */
  lostHosts(entry: string): string[] {
    const owner = `ServiceEntry ${entry}`;
    return this.#table.hostsOf(owner).filter((host) => this.#table.ownersOf(host)[0] !== owner);
  }

  /** Takes the changes in and says what they make stale. */
  ingest(changes: Iterable<InputChange>): Dirt {
    const dirt = new Dirt();
    for (const change of changes) this.#ingestOne(change, dirt);
    return dirt;
  }

  #ingestOne(change: InputChange, dirt: Dirt): void {
    const { key } = change;
    switch (change.kind) {
      case 'Service':
        this.#service(key, change.object, dirt);
        break;
      case 'EndpointSlice':
        this.#slice(key, change.object, dirt);
        break;
      case 'Pod':
        this.#pod(key, change.object, dirt);
        break;
      case 'Node':
        this.#node(key.slice(key.indexOf('/') + 1), change.object, dirt);
        break;
      case 'Secret':
        this.#secret(key, change.object, dirt);
        break;
      case 'VirtualService':
        this.#virtualService(key, change.object, dirt);
        break;
      case 'DestinationRule':
        this.#destinationRule(key, change.object, dirt);
        break;
      case 'ServiceEntry':
        this.#serviceEntry(key, change.object, dirt);
        break;
      case 'WorkloadEntry':
        this.#workloadEntry(key, change.object, dirt);
        break;
      case 'Gateway':
        keep(this.gateways, key, change.object, dirt.gateways);
        break;
      case 'Sidecar':
        keep(this.sidecars, key, change.object, dirt.sidecars);
        break;
      case 'Telemetry':
        keep(this.telemetries, key, change.object, dirt.telemetries);
        break;
      case 'ConfigMap':
        if (key === SETTINGS_KEY) this.#meshSettings(change.object, dirt);
        break;
    }
  }

  #meshSettings(object: Stored<ConfigMap> | undefined, dirt: Dirt): void {
    const next = settingsIn(object);
    if (same(this.#settings, next)) return;
    this.#settings = next;
    dirt.settings = true;
  }

  #service(key: string, object: Stored<Service> | undefined, dirt: Dirt): void {
    const services = object === undefined ? [] : [meshServiceOf(object, this.options.clusterDomain)];
    this.#putServices(`Service ${key}`, services, dirt);
  }

  #serviceEntry(key: string, object: Stored<ServiceEntry> | undefined, dirt: Dirt): void {
    const before = this.serviceEntries.get(key);
    if (object !== undefined && same(essence(before), essence(object))) return;
    put(this.serviceEntries, key, object);
    const [namespace = '', name = ''] = key.split('/');
    const inline = (object?.spec.endpoints ?? []).map((spec) =>
      inlineWorkload(spec, { name, namespace }, this.options.clusterId),
    );
    put(this.#inline, key, inline.length === 0 ? undefined : inline);
    dirt.serviceEntries.add(key);
    for (const host of this.#table.hostsOf(`ServiceEntry ${key}`)) dirt.endpoints.add(host);
    this.#putServices(`ServiceEntry ${key}`, object === undefined ? [] : entryServices(object), dirt);
    for (const host of this.#table.hostsOf(`ServiceEntry ${key}`)) dirt.endpoints.add(host);
  }

  #putServices(owner: string, services: readonly MeshService[], dirt: Dirt): void {
    for (const [host, before] of this.#table.put(owner, services)) {
      const next = this.services.get(host);
      this.#servicesOfNamespace.relink(host, before && [before.namespace], next && [next.namespace]);
      this.#hostsAt.relink(host, before?.addresses, next?.addresses);
      dirt.services.add(host);
      for (const service of [before, next])
        if (service?.source === 'Service') this.#staleAddresses(service, dirt);
      for (const service of [before, next]) if (service !== undefined) dirt.namespaces.add(service.namespace);
      if ((before === undefined) !== (next === undefined)) dirt.foreignHosts = true;
      for (const rule of this.#rulesToHost.get(host)) this.#staleRule(rule, dirt);
      this.#restateClaims(host, dirt);
      this.#restateEntries(host, dirt);
    }
  }

  /** A Service's address came or went: who else asks for it may have it, or not. */
  #staleAddresses({ addresses }: MeshService, dirt: Dirt): void {
    for (const host of addresses.flatMap((address) => this.#hostsAt.get(address))) {
      dirt.services.add(host);
      this.#restateEntries(host, dirt);
    }
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
    const before = this.pods.get(key);
    const next = object && podFactsOf(object, this.options.clusterId);
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

  #node(name: string, object: Stored<Node> | undefined, dirt: Dirt): void {
    const next = object && localityOfNode(object.metadata.labels ?? {});
    if (same(this.#nodes.get(name), next)) return;
    put(this.#nodes, name, next);
    for (const [key, pod] of this.pods) if (pod.node === name) dirt.clients.add(key);
    for (const host of this.services.keys()) dirt.endpoints.add(host);
  }

  #workloadEntry(key: string, object: Stored<WorkloadEntry> | undefined, dirt: Dirt): void {
    const before = this.#workloads.get(key);
    const next = object && workloadOf(object, this.options.clusterId);
    if (same(before, next)) return;
    put(this.#workloads, key, next);
    this.#workloadsOfNamespace.relink(key, before && [before.namespace], next && [next.namespace]);
    this.#staleSelectors(key, dirt);
  }

  /** ServiceEntries may select pods and WorkloadEntries, Services WorkloadEntries. */
  #staleSelectors(key: string, dirt: Dirt): void {
    const isPod = dirt.pods.has(key);
    for (const { host, source, selector } of this.servicesIn(key.slice(0, key.indexOf('/'))))
      if (selector !== undefined && (source === 'ServiceEntry' || !isPod)) dirt.endpoints.add(host);
  }

  #secret(key: string, object: Stored<Secret> | undefined, dirt: Dirt): void {
    const next = object && tlsMaterialOf(object);
    if (same(this.secrets.get(key), next)) return;
    put(this.secrets, key, next);
    dirt.secrets.add(key);
    for (const rule of this.destinationRules.naming(key.slice(key.indexOf('/') + 1))) {
      dirt.destinationRules.add(rule);
      for (const claim of this.destinationRules.hostsOf(rule))
        for (const host of this.servicesUnder(claim)) dirt.services.add(host);
    }
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
    this.#delegators.relink(key, before && delegatesOf(before), object && delegatesOf(object));
    dirt.virtualServices.add(key);
    for (const claim of this.virtualServices.put(key, object, hosts)) this.#staleClaim(claim, dirt);
    for (const delegator of this.#delegators.get(key)) this.#staleRule(delegator, dirt);
  }

  #destinationRule(key: string, object: Stored<DestinationRule> | undefined, dirt: Dirt): void {
    const before = this.destinationRules.get(key);
    if (same(before?.spec, object?.spec) && same(before?.metadata.uid, object?.metadata.uid)) return;
    const hosts = object === undefined ? [] : this.#claimedHosts([object.spec.host], key);
    dirt.destinationRules.add(key);
    for (const claim of this.destinationRules.put(key, object, hosts)) {
      for (const host of this.servicesUnder(claim)) {
        dirt.services.add(host);
        for (const rule of this.#rulesToHost.get(host)) this.#staleRule(rule, dirt);
      }
      for (const rule of this.destinationRules.on(claim)) dirt.destinationRules.add(keyOf(rule));
    }
  }

  /** Every host that a VirtualService's destinations name, its delegates' not counted. */
  destinationHosts(rule: Stored<VirtualService>): string[] {
    const namespace = rule.metadata.namespace ?? 'default';
    return [...new Set(destinationsOf(rule).map(({ host }) => this.#resolve(host, namespace)))];
  }

  /** `*` alone claims the whole world: Istio refuses it in the mesh, and so does a condition. */
  #claimedHosts(hosts: readonly string[], key: string): string[] {
    const namespace = key.split('/', 1)[0] ?? 'default';
    return [...new Set(hosts.map((host) => this.#resolve(host, namespace)))].filter((host) => host !== '*');
  }

  #resolve(host: string, namespace: string): string {
    const lower = host.toLowerCase();
    return isWildcard(lower) ? lower : ruleHost(lower, namespace, this.options.clusterDomain);
  }

  /** A destination or a delegate of this VirtualService changed: its routes and its verdict may differ. */
  #staleRule(key: string, dirt: Dirt): void {
    dirt.virtualServices.add(key);
    for (const claim of this.virtualServices.hostsOf(key)) this.#staleClaim(claim, dirt);
    for (const delegator of this.#delegators.get(key)) {
      dirt.virtualServices.add(delegator);
      for (const claim of this.virtualServices.hostsOf(delegator)) this.#staleClaim(claim, dirt);
    }
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
    for (const rule of this.destinationRules.covering(host)) dirt.destinationRules.add(keyOf(rule));
  }

  #restateEntries(host: string, dirt: Dirt): void {
    for (const owner of this.#table.ownersOf(host))
      if (owner.startsWith('ServiceEntry ')) dirt.serviceEntries.add(owner.slice('ServiceEntry '.length));
  }
}

function podsOf(slice: Slice): string[] {
  return slice.endpoints.flatMap(({ podKey }) => (podKey === undefined ? [] : [podKey]));
}

function put<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

function keep<T extends { metadata: { uid: string }; spec: unknown }>(
  map: Map<string, T>,
  key: string,
  object: T | undefined,
  dirt: Set<string>,
): void {
  const before = map.get(key);
  if (same(before?.spec, object?.spec) && before?.metadata.uid === object?.metadata.uid) return;
  put(map, key, object);
  dirt.add(key);
}

/** What of a ServiceEntry matters: not its conditions. */
function essence(entry: Stored<ServiceEntry> | undefined): unknown {
  return [entry?.spec, entry?.status?.addresses, entry?.metadata.uid];
}
