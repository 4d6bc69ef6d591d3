/**
 * The clusters and endpoints of the mesh. Most are the same for every client: derived once, kept, compared. Those of a
 * service whose rules, credentials or ranking of localities depend on the client are made when a client asks, once for
 * all clients that get the same.
 */

import { outboundCluster, parseClusterName } from '#api/xds/names.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE } from '#api/xds/resource-types.ts';
import { audienceKey, type Dependence, dependenceOf } from './dependence.ts';
import { type Destination, destinationClusters, destinationEndpoints } from './destination-resources.ts';
import type { Encoded } from './encoded.ts';
import { clientIn, type MeshClient } from './model/client.ts';
import type { Inputs } from './model/inputs.ts';
import type { TrafficRules } from './model/traffic-rules.ts';
import type { ResourceTable } from './resource-table.ts';

type DestinationType = typeof CLUSTER_TYPE | typeof ENDPOINT_TYPE;

/** More kinds of clients than this for one service, and sharing starts over. */
const MAX_VARIANTS = 1_000;

interface Variant {
  readonly clusters: ReadonlyMap<string, Encoded>;
  readonly endpoints: ReadonlyMap<string, Encoded>;
}

interface Dependent {
  readonly dependence: Dependence;
  /** Every name that some client may have here. */
  readonly names: readonly string[];
  readonly variants: Map<string, Variant>;
}

export interface RulesOf {
  trafficRules(host: string, client: MeshClient): TrafficRules;
}

/** What everybody gets. */
const NOBODY = clientIn('');

export class Destinations {
  readonly #inputs: Inputs;
  readonly #rules: RulesOf;
  readonly #shared: Readonly<Record<DestinationType, ResourceTable>>;
  readonly #dependent = new Map<string, Dependent>();

  constructor(inputs: Inputs, rules: RulesOf, shared: Readonly<Record<DestinationType, ResourceTable>>) {
    this.#inputs = inputs;
    this.#rules = rules;
    this.#shared = shared;
  }

  get(type: DestinationType, name: string, client: MeshClient): Encoded | undefined {
    const host = parseClusterName(name)?.host ?? '';
    const dependent = this.#dependent.get(host);
    if (dependent === undefined) return this.#shared[type].get(name);
    return this.#variant(host, dependent, client)[member(type)].get(name);
  }

  names(type: DestinationType, client: MeshClient): string[] {
    const own = [...this.#dependent].flatMap(([host, dependent]) => [
      ...this.#variant(host, dependent, client)[member(type)].keys(),
    ]);
    return [...this.#shared[type].names(), ...own];
  }

  /** Names that may mean something else for a client that is another now. */
  dependentNames(): string[] {
    return [...this.#dependent.values()].flatMap(({ names }) => names);
  }

  /** Derives again what these hosts have; the names that may have changed are added to `changed`. */
  refresh(
    hosts: ReadonlySet<string>,
    endpointsOnly: ReadonlySet<string>,
    changed: Readonly<Record<DestinationType, Set<string>>>,
  ): void {
    const clusters = new Map<string, Encoded[]>();
    const endpoints = new Map<string, Encoded[]>();
    for (const host of hosts) {
      this.#depend(host, changed);
      clusters.set(host, this.#derive(host, destinationClusters));
    }
    for (const host of hosts.union(endpointsOnly)) {
      const dependent = this.#dependent.get(host);
      dependent?.variants.clear();
      for (const name of dependent?.names ?? []) changed[ENDPOINT_TYPE].add(name);
      endpoints.set(host, this.#derive(host, destinationEndpoints));
    }
    this.#shared[CLUSTER_TYPE].replace(clusters, changed[CLUSTER_TYPE]);
    this.#shared[ENDPOINT_TYPE].replace(endpoints, changed[ENDPOINT_TYPE]);
  }

  /** Finds out anew whether the host's resources depend on the client. */
  #depend(host: string, changed: Readonly<Record<DestinationType, Set<string>>>): void {
    const before = this.#dependent.get(host);
    const service = this.#inputs.services.get(host);
    const dependence = service && dependenceOf(service, this.#inputs.destinationRules);
    this.#dependent.delete(host);
    if (service !== undefined && dependence !== undefined) {
      const names = service.ports.flatMap(({ number }) =>
        ['', ...dependence.subsets].map((subset) => outboundCluster(number, subset, host)),
      );
      this.#dependent.set(host, { dependence, names, variants: new Map() });
    }
    for (const name of [...(before?.names ?? []), ...(this.#dependent.get(host)?.names ?? [])]) {
      changed[CLUSTER_TYPE].add(name);
      changed[ENDPOINT_TYPE].add(name);
    }
  }

  #derive(host: string, make: (destination: Destination) => Encoded[]): Encoded[] {
    if (this.#dependent.has(host)) return [];
    const destination = this.#destination(host, NOBODY);
    return destination === undefined ? [] : make(destination);
  }

  #variant(host: string, { dependence, variants }: Dependent, client: MeshClient): Variant {
    const rules = this.#rules.trafficRules(host, client);
    const key = audienceKey(dependence, rules, client);
    const known = variants.get(key);
    if (known !== undefined) return known;
    if (variants.size >= MAX_VARIANTS) variants.clear();
    const destination = this.#destination(host, client);
    const variant = {
      clusters: byName(destination === undefined ? [] : destinationClusters(destination)),
      endpoints: byName(destination === undefined ? [] : destinationEndpoints(destination)),
    };
    variants.set(key, variant);
    return variant;
  }

  #destination(host: string, client: MeshClient): Destination | undefined {
    const service = this.#inputs.services.get(host);
    const inputs = this.#inputs;
    return service && { service, rules: this.#rules.trafficRules(host, client), client, inputs };
  }
}

function member(type: DestinationType): keyof Variant {
  return type === CLUSTER_TYPE ? 'clusters' : 'endpoints';
}

function byName(resources: readonly Encoded[]): Map<string, Encoded> {
  return new Map(resources.map((resource) => [resource.name, resource]));
}
