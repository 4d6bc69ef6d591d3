/**
 * The sidecar's configuration as xDS resources change it. Pure: what comes in are resources of one type at a time,
 * what comes out are reasons for those that cannot be run, the names to subscribe to, and the snapshot.
 *
 *   Cluster ──names──▶ ClusterLoadAssignment        a cluster warms until its first assignment
 *   Listener ──names──▶ RouteConfiguration          a listener warms until its routes are known
 *   RouteConfiguration ──names──▶ Cluster           routes wait while a cluster that they name warms
 *
 * Whatever waits, its predecessor serves; whatever is refused, the last good one stays.
 */
import type { Clock } from '#api/foundation/clock.ts';
import type { Random } from '#api/foundation/random.ts';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  type ResourceType,
  ROUTE_TYPE,
} from '#api/xds/resource-types.ts';
import { NO_ENDPOINTS } from './accept-assignment.ts';
import type { ReadFile } from './accept-data-source.ts';
import { EMPTY_SNAPSHOT, SnapshotBuilder } from './build-snapshot.ts';
import type { NameResolver } from './dns/resolver.ts';
import { type ClusterWitness, LiveClusters } from './live-clusters.ts';
import { LiveListeners } from './live-listeners.ts';
import { LiveRoutes } from './live-routes.ts';
import type { Accepted } from './refusals.ts';
import { acceptResource, type Resource, type Runnable } from './resource.ts';
import { ResourceLedger } from './resource-ledger.ts';
import type { Snapshot } from './snapshot.ts';

/** Resources of one type, as one response brought them. */
export interface Change {
  readonly type: ResourceType;
  readonly resources: readonly Resource[];
  readonly removed: readonly string[];
}

/** What the configuration needs of the machine that it runs on. */
export interface Surroundings {
  /** For certificates that are named by file. */
  readonly readFile: ReadFile;
  readonly resolver: NameResolver;
  /** Called when the configuration changed although no resource came: names were resolved. */
  readonly changed: () => void;
  /** Told what becomes of clusters. */
  readonly witness?: ClusterWitness | undefined;
}

export class Configuration {
  readonly clusters: LiveClusters;
  readonly routes = new LiveRoutes();
  readonly listeners = new LiveListeners();
  readonly ledger = new ResourceLedger();
  readonly #random: Random;
  readonly #readFile: ReadFile;
  readonly #builder: SnapshotBuilder;
  readonly #heard = new Set<ResourceType>();
  #snapshot: Snapshot = EMPTY_SNAPSHOT;
  #complete = false;

  constructor(clock: Clock, random: Random, { readFile, resolver, changed, witness }: Surroundings) {
    const resolved = () => {
      this.#settle(undefined);
      changed();
    };
    this.clusters = new LiveClusters(clock, random, resolver, resolved, witness);
    this.#random = random;
    this.#readFile = readFile;
    this.#builder = new SnapshotBuilder(this.clusters, this.routes, random);
  }

  /** Replaced whenever a listener changed; empty until the first complete configuration. */
  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** True once everything that the first listeners and clusters name has come. */
  get complete(): boolean {
    return this.#complete;
  }

  /**
   * Applies what can be run. Returns the reasons for the rest, each with type and name; none is an ACK. What is removed
   * goes first, and leaves its place to what comes; both take effect at once.
   */
  apply(change: Change): string[] {
    this.#heard.add(change.type);
    const names = new Set<string>();
    const reasons: string[] = [];
    for (const name of change.removed) this.#remove(change.type, name);
    for (const resource of change.resources) {
      if (names.has(resource.name)) reasons.push(`${resource.name}: stands twice in one response`);
      else reasons.push(...this.#put(change.type, resource));
      names.add(resource.name);
    }
    this.#settle(change.type);
    return reasons;
  }

  /** What to be subscribed to by name. */
  interest(type: typeof ENDPOINT_TYPE | typeof ROUTE_TYPE): Set<string> {
    return type === ENDPOINT_TYPE ? this.clusters.assignments : this.listeners.routes();
  }

  /** True while something that serves or is about to names what has not come. */
  get waiting(): boolean {
    return this.clusters.awaited.size > 0 || this.routes.waiting || this.listeners.waiting;
  }

  /** What something waits for, by name. */
  awaited(): string[] {
    const routes = [...this.listeners.routes()].filter((name) => !this.routes.isKnown(name));
    return [...this.clusters.awaited, ...routes];
  }

  /** Takes everything that is awaited for absent: the control plane has had its time (Envoy's initial fetch timeout). */
  stopWaiting(): void {
    for (const name of [...this.clusters.awaited]) this.clusters.assign(name, NO_ENDPOINTS);
    for (const name of this.listeners.routes()) if (!this.routes.isKnown(name)) this.routes.absent(name);
    this.#settle(undefined);
  }

  #put(type: ResourceType, resource: Resource): string[] {
    if (this.ledger.has(type, resource)) return [];
    if (type === LISTENER_TYPE && this.ledger.isSame(type, resource)) {
      this.ledger.accept(type, resource);
      return [];
    }
    const context = { clusters: this.clusters, random: this.#random, readFile: this.#readFile };
    const accepted = this.#withoutConflict(acceptResource(type, resource, context));
    if (!accepted.ok) {
      this.ledger.refuse(type, resource, accepted.reasons);
      this.#withoutPredecessor(type, resource.name);
      return accepted.reasons.map((reason) => `${resource.name}: ${reason}`);
    }
    this.ledger.accept(type, resource);
    const { value } = accepted;
    if (value.kind === 'cluster') this.clusters.put(value.spec);
    else if (value.kind === 'listener') this.listeners.put(value.spec);
    else if (value.kind === 'routes') this.routes.put(resource.name, value.spec);
    else this.clusters.assign(resource.name, value.assignment);
    return [];
  }

  /** Resources that can be run each for itself may still exclude each other. */
  #withoutConflict(accepted: Accepted<Runnable>): Accepted<Runnable> {
    if (!accepted.ok || accepted.value.kind !== 'listener') return accepted;
    const conflict = this.listeners.conflict(accepted.value.spec);
    return conflict === undefined ? accepted : { ok: false, reasons: [conflict] };
  }

  /** What waited for a resource that was refused waits no longer; one that served goes on. */
  #withoutPredecessor(type: ResourceType, name: string): void {
    if (type === ROUTE_TYPE) this.routes.absent(name);
    else if (type === ENDPOINT_TYPE && this.clusters.awaited.has(name))
      this.clusters.assign(name, NO_ENDPOINTS);
  }

  #remove(type: ResourceType, name: string): void {
    this.ledger.remove(type, name);
    if (type === CLUSTER_TYPE) this.clusters.remove(name);
    else if (type === LISTENER_TYPE) this.listeners.remove(name);
    else if (type === ROUTE_TYPE) this.routes.absent(name);
    else if (this.clusters.awaited.has(name)) this.clusters.assign(name, NO_ENDPOINTS);
  }

  /** Puts in place what need not wait any longer. `changed`: the type that resources just came for. */
  #settle(changed: ResourceType | undefined): void {
    this.routes.promote((cluster) => this.clusters.isWarming(cluster));
    const promoted = this.listeners.promote((name) => this.routes.get(name) !== undefined);
    const relisted = promoted || changed === LISTENER_TYPE;
    if (relisted) this.#forgetRoutes();
    this.clusters.sweep((name) => this.routes.names(name) || this.listeners.names(name));
    if (changed === CLUSTER_TYPE) this.ledger.retain(ENDPOINT_TYPE, this.clusters.assignments);
    const first = !this.#complete;
    this.#complete ||= this.#hasEverything();
    if (this.#complete && (relisted || first)) {
      this.#snapshot = this.#builder.build(this.listeners.live);
    }
  }

  #hasEverything(): boolean {
    const heard = this.#heard.has(CLUSTER_TYPE) && this.#heard.has(LISTENER_TYPE);
    return heard && !this.waiting && !this.clusters.resolving;
  }

  /** Drops the routes that no listener names any more. */
  #forgetRoutes(): void {
    const names = this.listeners.routes();
    this.routes.retain(names);
    this.ledger.retain(ROUTE_TYPE, names);
  }
}
