/**
 * The index of what translation reads, and of what depends on what. Each input is reduced to the part that matters
 * at the door, so that a heartbeat in some status never derives anything.
 */
import type { ConfigMap } from '#api/kinds/config-map.ts';
import type { Gateway } from '#api/kinds/gateway.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Secret } from '#api/kinds/secret.ts';
import type { Service } from '#api/kinds/service.ts';
import type { ServiceEntry } from '#api/kinds/service-entry.ts';
import type { Sidecar } from '#api/kinds/sidecar.ts';
import type { Telemetry } from '#api/kinds/telemetry.ts';
import { type MeshSettings, SETTINGS_NAME, SETTINGS_NAMESPACE } from '#api/mesh/mesh-settings.ts';
import { Dirt } from './dirt.ts';
import { entryServices } from './entry-services.ts';
import type { InputChange, InputOptions } from './input-change.ts';
import { Links } from './links.ts';
import { type MeshService, meshServiceOf } from './mesh-service.ts';
import type { PodFacts } from './pod-facts.ts';
import { put } from './put.ts';
import { RuleInputs } from './rule-inputs.ts';
import { same } from './same.ts';
import { ServiceTable } from './service-table.ts';
import { NO_SETTINGS, type SettingsState, settingsIn } from './settings-state.ts';
import { type TlsMaterial, tlsMaterialOf } from './tls-material.ts';
import { inlineWorkload, type Workload } from './workload.ts';
import { WorkloadInputs } from './workload-inputs.ts';

export type { InputChange, InputOptions } from './input-change.ts';

const SETTINGS_KEY = `${SETTINGS_NAMESPACE}/${SETTINGS_NAME}`;

export class Inputs {
  readonly options: InputOptions;
  readonly rules: RuleInputs;
  readonly workloads: WorkloadInputs;
  readonly serviceEntries = new Map<string, Stored<ServiceEntry>>();
  readonly gateways = new Map<string, Stored<Gateway>>();
  readonly sidecars = new Map<string, Stored<Sidecar>>();
  readonly telemetries = new Map<string, Stored<Telemetry>>();
  /** By `NAMESPACE/NAME`; only Secrets that hold something for TLS. */
  readonly secrets = new Map<string, TlsMaterial>();
  readonly #table = new ServiceTable();
  readonly #inline = new Map<string, readonly Workload[]>();
  readonly #servicesOfNamespace = new Links();
  readonly #hostsAt = new Links();
  #settings: SettingsState = NO_SETTINGS;

  constructor(options: InputOptions) {
    this.options = options;
    this.rules = new RuleInputs(options, () => this.services);
    this.workloads = new WorkloadInputs(options, {
      byHost: this.services,
      in: (namespace) => this.servicesIn(namespace),
    });
  }

  get pods(): ReadonlyMap<string, PodFacts> {
    return this.workloads.pods;
  }

  get virtualServices(): RuleInputs['virtualServices'] {
    return this.rules.virtualServices;
  }

  get destinationRules(): RuleInputs['destinationRules'] {
    return this.rules.destinationRules;
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

  /** What a ServiceEntry names as its endpoints. */
  inlineOf({ namespace, name }: MeshService): readonly Workload[] {
    return this.#inline.get(`${namespace}/${name}`) ?? [];
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
        this.workloads.putSlice(key, change.object, dirt);
        break;
      case 'Pod':
        this.workloads.putPod(key, change.object, dirt);
        break;
      case 'Node':
        this.workloads.putNode(key.slice(key.indexOf('/') + 1), change.object, dirt);
        break;
      case 'Secret':
        this.#secret(key, change.object, dirt);
        break;
      case 'VirtualService':
        this.rules.putVirtualService(key, change.object, dirt);
        break;
      case 'DestinationRule':
        this.rules.putDestinationRule(key, change.object, dirt);
        break;
      case 'ServiceEntry':
        this.#serviceEntry(key, change.object, dirt);
        break;
      case 'WorkloadEntry':
        this.workloads.putEntry(key, change.object, dirt);
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
      this.rules.staleDestinations(host, dirt);
      this.rules.restate(host, dirt);
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

  #secret(key: string, object: Stored<Secret> | undefined, dirt: Dirt): void {
    const next = object && tlsMaterialOf(object);
    if (same(this.secrets.get(key), next)) return;
    put(this.secrets, key, next);
    dirt.secrets.add(key);
    for (const rule of this.destinationRules.naming(key.slice(key.indexOf('/') + 1))) {
      dirt.destinationRules.add(rule);
      for (const claim of this.destinationRules.hostsOf(rule))
        for (const host of this.rules.servicesUnder(claim)) dirt.services.add(host);
    }
  }

  #restateEntries(host: string, dirt: Dirt): void {
    for (const owner of this.#table.ownersOf(host))
      if (owner.startsWith('ServiceEntry ')) dirt.serviceEntries.add(owner.slice('ServiceEntry '.length));
  }
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
