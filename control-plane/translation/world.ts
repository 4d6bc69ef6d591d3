/**
 * From the mesh's inputs to the resources of all of its proxies, kept up to date step by step: a change derives again
 * what it touches and nothing else, and what proxies share exists once. Pure but for being a memory: the same
 * inputs give the same resources, whatever the way to them.
 */
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  type ResourceType,
  ROUTE_TYPE,
} from '#api/xds/resource-types.ts';
import { STATIC_CLUSTERS } from './clusters/original-destination.ts';
import { Destinations } from './destinations.ts';
import { gatewaysOf } from './diagnosis/reference-findings.ts';
import {
  type Diagnosis,
  diagnoseDestinationRule,
  diagnoseGateway,
  diagnoseServiceEntry,
  diagnoseSettings,
  diagnoseTelemetry,
  diagnoseVirtualService,
} from './diagnosis.ts';
import type { Encoded } from './encoded.ts';
import { GatewayTable } from './gateway/gateway-table.ts';
import { InboundTable } from './inbound.ts';
import { httpListenerName, VIRTUAL_OUTBOUND_LISTENER } from './listeners/outbound-listeners.ts';
import { PortListeners } from './listeners/port-listeners.ts';
import type { Dirt } from './model/dirt.ts';
import { keyOf } from './model/host-match.ts';
import { type InputChange, type InputOptions, Inputs } from './model/inputs.ts';
import { rankOf } from './model/mesh-service.ts';
import { ANYBODY, type Client } from './model/rule-book.ts';
import { mergeRules, NO_RULES, type TrafficRules } from './model/traffic-rules.ts';
import { ResourceTable } from './resource-table.ts';
import { NO_QUESTIONS } from './routes/audience.ts';
import type { DestinationContext } from './routes/destination.ts';
import { FOREIGN_PORT, foreignHosts } from './routes/foreign-hosts.ts';
import { PortRoutes } from './routes/port-routes.ts';
import { WHOLE_MESH } from './scope/proxy-scope.ts';
import { type ServiceRouting, serviceRouting } from './service-routing.ts';
import { ownCollectorCluster } from './telemetry/collectors.ts';
import { Observations } from './telemetry/observations.ts';
import { Varied, type VariedResource, VariedTable } from './varied.ts';

/** What one batch of changes made different. */
export interface WorldChange {
  /** Names whose resource came, changed or went, for every proxy that knows them. */
  readonly shared: Readonly<Record<ResourceType, ReadonlySet<string>>>;
  /** Pods whose inbound side is different, with the names of the clusters before and after. */
  readonly inbound: ReadonlyMap<string, ReadonlySet<string>>;
  /** Pods whose labels or place are others: what is made for their sidecars may be different. */
  readonly clients: ReadonlySet<string>;
  /** Rules whose verdict was found again. */
  readonly diagnoses: readonly Diagnosis[];
}

const NOWHERE: ServiceRouting = { listeners: [], chains: new Map(), routes: [], http: new Map() };
/** Owner of what every sidecar has. */
const EVERYBODY = '';

export class World {
  readonly inputs: Inputs;
  readonly inbound: InboundTable;
  readonly portRoutes = new PortRoutes();
  readonly clusters = new ResourceTable();
  readonly endpoints = new ResourceTable();
  readonly listeners = new VariedTable();
  readonly detectedRoutes = new VariedTable();
  /** Clusters and endpoints, as each client gets them; those above are the ones that all clients share. */
  readonly outbound: Destinations;
  /** What routes are translated with. */
  readonly destinations: DestinationContext = {
    service: (host) => this.inputs.services.get(host),
    trafficRules: (host, client) => this.trafficRules(host, client),
  };
  /** How workloads' traffic is seen from outside. */
  readonly observations: Observations;
  /** What the proxies of gateways get. */
  readonly gateways = new GatewayTable(this);
  readonly portListeners = new PortListeners((port) => this.#httpAddresses(port));
  readonly #chainPorts = new Map<string, ServiceRouting['chains']>();
  readonly #httpPorts = new Map<string, ServiceRouting['http']>();

  constructor(options: InputOptions) {
    this.inputs = new Inputs(options);
    this.inbound = new InboundTable(this.inputs);
    this.outbound = new Destinations(this.inputs, this, {
      [CLUSTER_TYPE]: this.clusters,
      [ENDPOINT_TYPE]: this.endpoints,
    });
    this.observations = new Observations(this.inputs);
    const own = options.traces === undefined ? [] : [ownCollectorCluster(options.traces)];
    this.clusters.replace(new Map([[EVERYBODY, [...STATIC_CLUSTERS, ...own]]]), new Set());
    this.listeners.replace(new Map([[EVERYBODY, [forEverybody(VIRTUAL_OUTBOUND_LISTENER)]]]), new Set());
  }

  apply(changes: Iterable<InputChange>): WorldChange {
    const dirt = this.inputs.ingest(changes);
    if (this.#concernsObservations(dirt)) this.observations.forget();
    const shared = {
      [CLUSTER_TYPE]: new Set<string>(),
      [ENDPOINT_TYPE]: new Set<string>(),
      [LISTENER_TYPE]: new Set<string>(),
      [ROUTE_TYPE]: new Set<string>(),
    };
    const ports = this.#deriveServices(dirt, shared);
    this.#deriveForeign(dirt, ports);
    this.#derivePorts(ports, shared);
    this.#deriveDestinations(dirt, shared);
    const diagnoses = this.#diagnose(dirt);
    if (concernsGateways(dirt)) this.gateways.forget();
    return { shared, inbound: this.#deriveInbound(dirt), clients: dirt.clients, diagnoses };
  }

  /** What is in force for a host, as `client` sees it. */
  trafficRules(host: string, client: Client = ANYBODY): TrafficRules {
    const service = this.inputs.services.get(host) ?? { host, namespace: client.namespace };
    const rules = this.inputs.destinationRules.for(service, client);
    return rules.length === 0 ? NO_RULES : mergeRules(rules);
  }

  /** Derives the stale services' own resources. Returns the port numbers whose shared ones they touch. */
  #deriveServices(dirt: Dirt, shared: Record<ResourceType, Set<string>>): Set<number> {
    const hosts = [...dirt.services];
    const routing = new Map(hosts.map((host) => [host, this.#routingOf(host)]));
    const owned = (of: (routing: ServiceRouting) => readonly VariedResource[]) =>
      new Map([...routing].map(([host, found]) => [host, of(found)]));
    this.listeners.replace(
      owned(({ listeners }) => listeners),
      shared[LISTENER_TYPE],
    );
    this.detectedRoutes.replace(
      owned(({ routes }) => routes),
      shared[ROUTE_TYPE],
    );
    const ports = new Set<number>();
    for (const [host, { http, chains }] of routing) {
      this.#sharePorts(host, http, ports);
      this.#shareListeners(host, chains, ports);
    }
    return ports;
  }

  #routingOf(host: string): ServiceRouting {
    const service = this.inputs.services.get(host);
    return service === undefined ? NOWHERE : serviceRouting(service, this.inputs, this.destinations);
  }

  #sharePorts(host: string, http: ServiceRouting['http'], touched: Set<number>): void {
    for (const port of this.#httpPorts.get(host)?.keys() ?? []) {
      touched.add(port);
      if (!http.has(port)) this.portRoutes.remove(port, host);
    }
    const service = this.inputs.services.get(host);
    const rank = service && rankOf(service);
    for (const [port, routes] of http) {
      touched.add(port);
      this.portRoutes.put(port, host, routes, rank);
    }
    if (http.size === 0) this.#httpPorts.delete(host);
    else this.#httpPorts.set(host, http);
  }

  #shareListeners(host: string, chains: ServiceRouting['chains'], touched: Set<number>): void {
    for (const port of this.#chainPorts.get(host)?.keys() ?? []) {
      touched.add(port);
      if (!chains.has(port)) this.portListeners.remove(port, host);
    }
    for (const [port, each] of chains) {
      touched.add(port);
      this.portListeners.put(port, host, each);
    }
    if (chains.size === 0) this.#chainPorts.delete(host);
    else this.#chainPorts.set(host, chains);
  }

  #httpAddresses(port: number): string[] {
    return this.portRoutes
      .hosts(port)
      .map(([host]) => this.inputs.services.get(host))
      .flatMap((service) => (service?.source === 'Service' ? service.addresses : []));
  }

  #deriveForeign(dirt: Dirt, touched: Set<number>): void {
    if (!dirt.foreignHosts) return;
    this.portRoutes.setForeign(FOREIGN_PORT, foreignHosts(this.inputs, this.destinations));
    touched.add(FOREIGN_PORT);
  }

  #derivePorts(ports: ReadonlySet<number>, shared: Record<ResourceType, Set<string>>): void {
    const listeners = new Map<string, VariedResource[]>();
    for (const port of ports) {
      shared[ROUTE_TYPE].add(String(port));
      this.portListeners.forget(port);
      const content = this.portListeners.for(port, this.portRoutes.has(port), WHOLE_MESH);
      const name = httpListenerName(port);
      listeners.set(name, content === undefined ? [] : [{ name, content }]);
    }
    this.listeners.replace(listeners, shared[LISTENER_TYPE]);
  }

  /** Names that are resolved by DNS stand in the cluster itself. */
  #deriveDestinations(dirt: Dirt, shared: Record<ResourceType, Set<string>>): void {
    const resolved = [...dirt.endpoints].filter((host) => {
      const resolution = this.inputs.services.get(host)?.resolution;
      return resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN';
    });
    this.outbound.refresh(dirt.services.union(new Set(resolved)), dirt.endpoints, shared);
  }

  #deriveInbound(dirt: Dirt): Map<string, Set<string>> {
    const changed = this.inbound.refresh(dirt.namespaces, dirt.pods);
    return new Map(
      [...changed].map(([pod, before]) => {
        const clusters = [...before.clusters, ...this.inbound.get(pod).clusters];
        return [pod, new Set(clusters.map(({ name }) => name))];
      }),
    );
  }

  /** Selectors are about pods, providers about services, and each object about its elders. */
  #diagnoseObservations(dirt: Dirt): Diagnosis[] {
    const { inputs, observations } = this;
    const meant = this.#concernsObservations(dirt);
    const gone = [...dirt.pods].some((key) => !inputs.pods.has(key));
    const stale = meant || dirt.clients.size > 0 || gone ? inputs.telemetries.keys() : [];
    const { providers } = observations;
    return [
      ...[...stale].flatMap((key) => diagnoseTelemetry(key, inputs, providers) ?? []),
      ...(meant && inputs.hasSettings ? [diagnoseSettings(inputs, providers)] : []),
    ];
  }

  #concernsObservations({ telemetries, settings, services }: Dirt): boolean {
    if (telemetries.size > 0 || settings) return true;
    return this.observations.collectorHosts().some((host) => services.has(host));
  }

  /** VirtualServices whose verdict depends on whether these Gateways are there. */
  #rulesNaming(gateways: ReadonlySet<string>): Set<string> {
    if (gateways.size === 0) return new Set();
    const naming = [...this.inputs.virtualServices.rules()].filter((rule) =>
      gatewaysOf(rule).some(({ key }) => gateways.has(key)),
    );
    return new Set(naming.map(keyOf));
  }

  /** Whether a Gateway is served depends on pods and Secrets too. */
  #staleGateways({ gateways, secrets, clients }: Dirt): Iterable<string> {
    return secrets.size > 0 || clients.size > 0 ? this.inputs.gateways.keys() : gateways;
  }

  #diagnose(dirt: Dirt): Diagnosis[] {
    return [
      ...[...dirt.virtualServices.union(this.#rulesNaming(dirt.gateways))].flatMap(
        (key) => diagnoseVirtualService(key, this.inputs, this) ?? [],
      ),
      ...[...dirt.destinationRules].flatMap((key) => diagnoseDestinationRule(key, this.inputs) ?? []),
      ...[...dirt.serviceEntries].flatMap((key) => diagnoseServiceEntry(key, this.inputs) ?? []),
      ...[...this.#staleGateways(dirt)].flatMap((key) => diagnoseGateway(key, this.inputs) ?? []),
      ...this.#diagnoseObservations(dirt),
    ];
  }
}

function concernsGateways(dirt: Dirt): boolean {
  const { gateways, virtualServices, destinationRules, services, secrets, clients } = dirt;
  return [gateways, virtualServices, destinationRules, services, secrets, clients].some(
    ({ size }) => size > 0,
  );
}

function forEverybody(resource: Encoded): VariedResource {
  return { name: resource.name, content: new Varied(NO_QUESTIONS, () => resource) };
}
