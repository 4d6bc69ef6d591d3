import type { Clock } from '#api/foundation/clock.ts';
import type { Random } from '#api/foundation/random.ts';
import type { Cluster } from '#sidecar/upstream/cluster.ts';
import type { ClusterDirectory } from '#sidecar/upstream/cluster-directory.ts';
import { EndpointCluster } from '#sidecar/upstream/endpoint-cluster.ts';
import type { LocalityEndpoints } from '#sidecar/upstream/locality/locality-endpoints.ts';
import { OriginalDestinationCluster } from '#sidecar/upstream/original-destination-cluster.ts';
import type { ClusterSpec } from './accept-cluster.ts';

export type LiveCluster = EndpointCluster | OriginalDestinationCluster;

/**
 * The clusters that can be used, and those that still warm: a cluster takes the place of its predecessor when the
 * endpoints that it asks for have come, and until then the predecessor serves.
 */
export class LiveClusters implements ClusterDirectory {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #specs = new Map<string, ClusterSpec>();
  readonly #live = new Map<string, LiveCluster>();
  /** Which assignment each live cluster has its endpoints from. */
  readonly #source = new Map<string, string>();
  /** The clusters that ask for an assignment. */
  readonly #askers = new Map<string, Set<string>>();
  /** The assignments that a cluster waits for. */
  readonly #awaited = new Set<string>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  get(name: string): Cluster | undefined {
    return this.#live.get(name);
  }

  get all(): Iterable<LiveCluster> {
    return this.#live.values();
  }

  /** Assignments to subscribe to. */
  get assignments(): Set<string> {
    return new Set(this.#askers.keys());
  }

  get awaited(): ReadonlySet<string> {
    return this.#awaited;
  }

  isWarming(cluster: string): boolean {
    const spec = this.#specs.get(cluster);
    return spec?.kind === 'eds' && this.#source.get(cluster) !== spec.assignment;
  }

  put(spec: ClusterSpec): void {
    const { name } = spec.policy;
    this.#ask(name, spec);
    if (spec.kind === 'original-destination') {
      this.#install(name, new OriginalDestinationCluster(spec.policy, this.#clock));
    } else if (spec.kind === 'static') {
      this.#install(name, this.#build(spec, spec.endpoints));
    } else if (this.#source.get(name) === spec.assignment) {
      this.#install(name, this.#build(spec), spec.assignment);
    } else {
      this.#warm(name, spec);
    }
  }

  remove(name: string): void {
    this.#ask(name, undefined);
    this.#source.delete(name);
    this.#live.get(name)?.retire();
    this.#live.delete(name);
  }

  /** An assignment came: it replaces the endpoints of its clusters, and ends the wait of those that wait for it. */
  assign(assignment: string, endpoints: readonly LocalityEndpoints[]): void {
    for (const name of this.#askers.get(assignment) ?? []) {
      const spec = this.#specs.get(name);
      const live = this.#live.get(name);
      if (this.#source.get(name) === assignment && live instanceof EndpointCluster) {
        live.replaceEndpoints(endpoints);
      } else if (spec !== undefined) {
        this.#install(name, this.#build(spec, endpoints), assignment);
      }
    }
    this.#awaited.delete(assignment);
  }

  #warm(name: string, spec: ClusterSpec & { kind: 'eds' }): void {
    const shared = this.#sharing(spec.assignment);
    if (shared === undefined) this.#awaited.add(spec.assignment);
    else this.#install(name, this.#build(spec, shared.localities), spec.assignment);
  }

  /** A live cluster with the same assignment: it came already and will not come again. */
  #sharing(assignment: string): EndpointCluster | undefined {
    for (const name of this.#askers.get(assignment) ?? []) {
      const live = this.#live.get(name);
      if (this.#source.get(name) === assignment && live instanceof EndpointCluster) return live;
    }
    return undefined;
  }

  #build(spec: ClusterSpec, endpoints?: readonly LocalityEndpoints[]): EndpointCluster {
    const previous = this.#live.get(spec.policy.name);
    const kept = previous instanceof EndpointCluster ? previous : undefined;
    const cluster = new EndpointCluster(spec.policy, this.#clock, this.#random, kept);
    if (endpoints !== undefined) cluster.replaceEndpoints(endpoints);
    return cluster;
  }

  #install(name: string, cluster: LiveCluster, source?: string): void {
    const previous = this.#live.get(name);
    const inherits = previous instanceof EndpointCluster && cluster instanceof EndpointCluster;
    if (previous !== undefined && !inherits) previous.retire();
    this.#live.set(name, cluster);
    if (source === undefined) this.#source.delete(name);
    else this.#source.set(name, source);
  }

  /** Notes what a cluster asks for now, in place of what it asked for before. */
  #ask(name: string, spec: ClusterSpec | undefined): void {
    const before = this.#specs.get(name);
    if (before?.kind === 'eds') this.#askers.get(before.assignment)?.delete(name);
    if (spec?.kind === 'eds') {
      const askers = this.#askers.get(spec.assignment) ?? new Set();
      this.#askers.set(spec.assignment, askers.add(name));
    }
    if (before?.kind === 'eds' && this.#askers.get(before.assignment)?.size === 0) {
      this.#askers.delete(before.assignment);
      this.#awaited.delete(before.assignment);
    }
    if (spec === undefined) this.#specs.delete(name);
    else this.#specs.set(name, spec);
  }
}
