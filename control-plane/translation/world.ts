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
import { type Diagnosis, diagnoseDestinationRule, diagnoseVirtualService } from './diagnosis.ts';
import type { Encoded } from './encoded.ts';
import { InboundTable } from './inbound.ts';
import {
  httpListenerName,
  httpPortListener,
  VIRTUAL_OUTBOUND_LISTENER,
} from './listeners/outbound-listeners.ts';
import type { Dirt } from './model/dirt.ts';
import { type InputChange, type InputOptions, Inputs } from './model/inputs.ts';
import { ANYBODY, type Client } from './model/rule-book.ts';
import { mergeRules, type TrafficRules } from './model/traffic-rules.ts';
import { ResourceTable } from './resource-table.ts';
import { FOREIGN_PORT, foreignVirtualHosts } from './routes/foreign-hosts.ts';
import { PortRoutes } from './routes/port-routes.ts';
import { type ServiceResources, serviceEndpoints, serviceResources } from './service-resources.ts';

/** What one batch of changes made different. */
export interface WorldChange {
  /** Names whose resource came, changed or went, for every proxy that knows them. */
  readonly shared: Readonly<Record<ResourceType, ReadonlySet<string>>>;
  /** Pods whose inbound side is different, with the names of the clusters before and after. */
  readonly inbound: ReadonlyMap<string, ReadonlySet<string>>;
  /** Rules whose verdict was found again. */
  readonly diagnoses: readonly Diagnosis[];
}

const NO_RULES: TrafficRules = mergeRules([]);
/** Owner of what every sidecar has. */
const EVERYBODY = '';

export class World {
  readonly inputs: Inputs;
  readonly inbound: InboundTable;
  readonly portRoutes = new PortRoutes();
  readonly clusters = new ResourceTable();
  readonly endpoints = new ResourceTable();
  readonly listeners = new ResourceTable();
  readonly detectedRoutes = new ResourceTable();
  readonly #httpPorts = new Map<string, ServiceResources['http']>();

  constructor(options: InputOptions) {
    this.inputs = new Inputs(options);
    this.inbound = new InboundTable(this.inputs);
    this.clusters.replace(new Map([[EVERYBODY, STATIC_CLUSTERS]]), new Set());
    this.listeners.replace(new Map([[EVERYBODY, [VIRTUAL_OUTBOUND_LISTENER]]]), new Set());
  }

  apply(changes: Iterable<InputChange>): WorldChange {
    const dirt = this.inputs.ingest(changes);
    const shared = {
      [CLUSTER_TYPE]: new Set<string>(),
      [ENDPOINT_TYPE]: new Set<string>(),
      [LISTENER_TYPE]: new Set<string>(),
      [ROUTE_TYPE]: new Set<string>(),
    };
    const ports = this.#deriveServices(dirt, shared);
    this.#deriveForeign(dirt, ports);
    this.#derivePorts(ports, shared);
    this.#deriveEndpoints(dirt, shared[ENDPOINT_TYPE]);
    return { shared, inbound: this.#deriveInbound(dirt), diagnoses: this.#diagnose(dirt) };
  }

  /** What is in force for a host, as `client` sees it. */
  trafficRules(host: string, client: Client = ANYBODY): TrafficRules {
    const service = this.inputs.services.get(host) ?? { host, namespace: client.namespace };
    const rules = this.inputs.destinationRules.for(service, client);
    return rules.length === 0 ? NO_RULES : mergeRules(rules);
  }

  /** Derives the stale services' own resources. Returns the port numbers whose shared ones they touch. */
  #deriveServices(dirt: Dirt, shared: Record<ResourceType, Set<string>>): Set<number> {
    const derived = new Map([...dirt.services].map((host) => [host, this.#deriveService(host)]));
    const owned = (of: (resources: ServiceResources) => readonly Encoded[]) =>
      new Map([...derived].map(([host, resources]) => [host, resources === undefined ? [] : of(resources)]));
    this.clusters.replace(
      owned((resources) => resources.clusters),
      shared[CLUSTER_TYPE],
    );
    this.listeners.replace(
      owned((resources) => resources.listeners),
      shared[LISTENER_TYPE],
    );
    this.detectedRoutes.replace(
      owned((resources) => resources.routes),
      shared[ROUTE_TYPE],
    );
    const ports = new Set<number>();
    for (const [host, resources] of derived) this.#sharePorts(host, resources?.http ?? new Map(), ports);
    return ports;
  }

  #deriveService(host: string): ServiceResources | undefined {
    const service = this.inputs.services.get(host);
    if (service === undefined) return undefined;
    const rule = this.inputs.virtualServices.for(host)[0];
    return serviceResources(service, this.trafficRules(host), rule, this.routeScope('sidecar'));
  }

  routeScope(reader: 'sidecar' | 'proxyless') {
    return {
      domain: this.inputs.options.clusterDomain,
      service: (host: string) => this.inputs.services.get(host),
      reader,
    };
  }

  #sharePorts(host: string, http: ServiceResources['http'], touched: Set<number>): void {
    for (const port of this.#httpPorts.get(host)?.keys() ?? []) {
      touched.add(port);
      if (!http.has(port)) this.portRoutes.remove(port, host);
    }
    for (const [port, routes] of http) {
      touched.add(port);
      this.portRoutes.put(port, host, routes);
    }
    if (http.size === 0) this.#httpPorts.delete(host);
    else this.#httpPorts.set(host, http);
  }

  #deriveForeign(dirt: Dirt, touched: Set<number>): void {
    if (!dirt.foreignHosts) return;
    this.portRoutes.setForeign(FOREIGN_PORT, foreignVirtualHosts(this.inputs, this.routeScope('sidecar')));
    touched.add(FOREIGN_PORT);
  }

  #derivePorts(ports: ReadonlySet<number>, shared: Record<ResourceType, Set<string>>): void {
    const listeners = new Map<string, Encoded[]>();
    for (const port of ports) {
      shared[ROUTE_TYPE].add(String(port));
      listeners.set(httpListenerName(port), this.portRoutes.has(port) ? [httpPortListener(port)] : []);
    }
    this.listeners.replace(listeners, shared[LISTENER_TYPE]);
  }

  #deriveEndpoints(dirt: Dirt, changed: Set<string>): void {
    const owners = new Map<string, Encoded[]>();
    for (const host of dirt.services.union(dirt.endpoints)) {
      const service = this.inputs.services.get(host);
      const pod = (key: string) => this.inputs.pods.get(key);
      const slices = this.inputs.slicesOf(host);
      owners.set(host, service ? serviceEndpoints(service, this.trafficRules(host), slices, pod) : []);
    }
    this.endpoints.replace(owners, changed);
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

  #diagnose(dirt: Dirt): Diagnosis[] {
    return [
      ...[...dirt.virtualServices].flatMap((key) => diagnoseVirtualService(key, this.inputs, this) ?? []),
      ...[...dirt.destinationRules].flatMap((key) => diagnoseDestinationRule(key, this.inputs) ?? []),
    ];
  }
}
