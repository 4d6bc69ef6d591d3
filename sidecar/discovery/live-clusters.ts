import type { Clock, Timer } from '#api/foundation/clock.ts';
import type { Random } from '#api/foundation/random.ts';
import { DRAIN_IDLE_MS } from '#sidecar/http/limits.ts';
import type { Cluster } from '#sidecar/upstream/cluster.ts';
import type { ClusterDirectory } from '#sidecar/upstream/cluster-directory.ts';
import type { ClusterPolicy } from '#sidecar/upstream/cluster-policy.ts';
import { EndpointCluster } from '#sidecar/upstream/endpoint-cluster.ts';
import { OriginalDestinationCluster } from '#sidecar/upstream/original-destination-cluster.ts';
import type { OutlierListener } from '#sidecar/upstream/outlier/outlier-detector.ts';
import type { Assignment } from './accept-assignment.ts';
import type { ClusterSpec } from './accept-cluster.ts';
import { AssignmentAskers } from './assignment-askers.ts';
import type { DnsPlan } from './dns/dns-endpoints.ts';
import { NamedClusters } from './dns/named-clusters.ts';
import type { NameResolver } from './dns/resolver.ts';

/** A connection whose listener is gone still takes a request with the last routes; idle, it is closed before this. */
export const LEAVE_MS: number = 2 * DRAIN_IDLE_MS;

/** Who is told what becomes of clusters. */
export interface ClusterWitness {
  /** Who hears of the ejections in a cluster. */
  listenerOf(policy: ClusterPolicy): OutlierListener;
  /** The cluster is gone, and nobody has taken its place over. */
  retired(cluster: LiveCluster): void;
}

export type LiveCluster = EndpointCluster | OriginalDestinationCluster;

/**
 * The clusters that can be used, and those that still warm: a cluster takes the place of its predecessor when the
 * endpoints that it asks for have come, by EDS or by DNS, and until then the predecessor serves. One that was removed
 * serves on while anything names it: routes and clusters come in responses of their own.
 */
export class LiveClusters implements ClusterDirectory {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #specs = new Map<string, ClusterSpec>();
  readonly #live = new Map<string, LiveCluster>();
  /** Which assignment each live cluster has its endpoints from. */
  readonly #source = new Map<string, string>();
  readonly #askers = new AssignmentAskers();
  readonly #named: NamedClusters;
  /** Clusters that were removed, and since when nothing names them any more. */
  readonly #removed = new Map<string, Timer | undefined>();
  readonly #witness: ClusterWitness | undefined;

  /** `changed` is called when something changed that nobody told this: names were resolved. */
  constructor(
    clock: Clock,
    random: Random,
    resolver: NameResolver,
    changed: () => void,
    witness?: ClusterWitness,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#witness = witness;
    this.#named = new NamedClusters(resolver, clock, (name, assignment) => {
      this.#resolved(name, assignment);
      changed();
    });
  }

  get(name: string): Cluster | undefined {
    return this.#live.get(name);
  }

  get all(): Iterable<LiveCluster> {
    return this.#live.values();
  }

  /** Assignments to subscribe to. */
  get assignments(): Set<string> {
    return this.#askers.assignments;
  }

  /** Assignments that a cluster waits for. */
  get awaited(): ReadonlySet<string> {
    return this.#askers.awaited;
  }

  /** Whether a name has yet to be resolved for the first time. */
  get resolving(): boolean {
    return this.#named.resolving;
  }

  /** Clusters that look their endpoints up by name, and those that never got an answer. */
  get named(): { readonly watched: number; readonly unresolved: number } {
    return this.#named.counts;
  }

  isWarming(cluster: string): boolean {
    const spec = this.#specs.get(cluster);
    if (spec?.kind === 'dns') return this.#named.isResolving(cluster);
    return spec?.kind === 'eds' && this.#source.get(cluster) !== spec.assignment;
  }

  put(spec: ClusterSpec): void {
    const { name } = spec.policy;
    this.#note(name, spec);
    this.#forgetRemoval(name);
    if (spec.kind !== 'dns') this.#named.drop(name);
    if (spec.kind === 'original-destination') {
      this.#install(name, new OriginalDestinationCluster(spec.policy, this.#clock));
    } else if (spec.kind === 'static') this.#install(name, this.#build(spec.policy, spec.assignment));
    else if (spec.kind === 'dns') this.#resolve(name, spec.policy, spec.plan);
    else if (this.#source.get(name) === spec.assignment) {
      this.#install(name, this.#build(spec.policy), spec.assignment);
    } else this.#warm(name, spec);
  }

  remove(name: string): void {
    this.#note(name, undefined);
    this.#named.drop(name);
    this.#source.delete(name);
    if (this.#live.has(name) && !this.#removed.has(name)) this.#removed.set(name, undefined);
  }

  /** Lets go of removed clusters that nothing names any more, once connections that outlive their listener are through. */
  sweep(isNamed: (cluster: string) => boolean): void {
    for (const [name, leaving] of this.#removed) {
      if (isNamed(name)) {
        leaving?.cancel();
        this.#removed.set(name, undefined);
      } else if (leaving === undefined) {
        this.#removed.set(
          name,
          this.#clock.after(LEAVE_MS, () => this.#leave(name)),
        );
      }
    }
  }

  /** An assignment came: it replaces the endpoints of its clusters, and ends the wait of those that wait for it. */
  assign(name: string, assignment: Assignment): void {
    for (const asker of this.#askers.of(name)) {
      const spec = this.#specs.get(asker);
      if (spec !== undefined) this.#install(asker, this.#build(spec.policy, assignment), name);
    }
    this.#askers.came(name);
  }

  /** Stops asking for names. */
  close(): void {
    this.#named.close();
    for (const leaving of this.#removed.values()) leaving?.cancel();
  }

  #leave(name: string): void {
    this.#removed.delete(name);
    const leaving = this.#live.get(name);
    if (leaving !== undefined) this.#retire(leaving);
    this.#live.delete(name);
  }

  #forgetRemoval(name: string): void {
    this.#removed.get(name)?.cancel();
    this.#removed.delete(name);
  }

  #warm(name: string, spec: ClusterSpec & { kind: 'eds' }): void {
    const shared = this.#sharing(spec.assignment);
    if (shared === undefined) this.#askers.awaits(spec.assignment);
    else this.#install(name, this.#build(spec.policy, assignmentOf(shared)), spec.assignment);
  }

  /** A live cluster with the same assignment: it came already and will not come again. */
  #sharing(assignment: string): EndpointCluster | undefined {
    for (const name of this.#askers.of(assignment)) {
      const live = this.#live.get(name);
      if (this.#source.get(name) === assignment && live instanceof EndpointCluster) return live;
    }
    return undefined;
  }

  #resolve(name: string, policy: ClusterPolicy, plan: DnsPlan): void {
    const known = this.#named.watch(name, plan);
    if (known !== undefined) this.#install(name, this.#build(policy, known));
  }

  #resolved(name: string, assignment: Assignment): void {
    const spec = this.#specs.get(name);
    if (spec?.kind === 'dns') this.#install(name, this.#build(spec.policy, assignment));
  }

  /** The live cluster with other endpoints where its configuration stays, else one that takes its place. */
  #build(policy: ClusterPolicy, assignment?: Assignment): EndpointCluster {
    const previous = this.#live.get(policy.name);
    const kept = previous instanceof EndpointCluster ? previous : undefined;
    const used = assignment ?? (kept === undefined ? undefined : assignmentOf(kept));
    const adjusted = used === undefined ? policy : withFactor(policy, used.overprovisioningFactor);
    if (kept !== undefined && isSame(kept.policy, adjusted)) {
      if (assignment !== undefined) kept.replaceEndpoints(assignment.localities);
      return kept;
    }
    const heir = kept !== undefined && isSame(kept.policy.connections.tls, policy.connections.tls);
    const predecessor = heir ? kept : undefined;
    const listener = this.#witness?.listenerOf(adjusted);
    const cluster = new EndpointCluster(adjusted, this.#clock, this.#random, predecessor, listener);
    if (used !== undefined && (assignment !== undefined || !heir)) cluster.replaceEndpoints(used.localities);
    return cluster;
  }

  /** A predecessor is retired, unless its endpoints live on in the successor. */
  #install(name: string, cluster: LiveCluster, source?: string): void {
    const previous = this.#live.get(name);
    if (previous !== undefined && previous !== cluster && !inherits(cluster, previous))
      this.#retire(previous);
    this.#live.set(name, cluster);
    if (source === undefined) this.#source.delete(name);
    else this.#source.set(name, source);
  }

  #retire(cluster: LiveCluster): void {
    cluster.retire();
    this.#witness?.retired(cluster);
  }

  /** Notes what a cluster is now, and what it asks for in place of what it asked for before. */
  #note(name: string, spec: ClusterSpec | undefined): void {
    const before = this.#specs.get(name);
    this.#askers.change(
      name,
      before?.kind === 'eds' ? before.assignment : undefined,
      spec?.kind === 'eds' ? spec.assignment : undefined,
    );
    if (spec === undefined) this.#specs.delete(name);
    else this.#specs.set(name, spec);
  }
}

function assignmentOf({ localities, policy }: EndpointCluster): Assignment {
  return { localities, overprovisioningFactor: policy.locality.overprovisioningFactor };
}

function withFactor(policy: ClusterPolicy, overprovisioningFactor: number): ClusterPolicy {
  if (policy.locality.overprovisioningFactor === overprovisioningFactor) return policy;
  return { ...policy, locality: { ...policy.locality, overprovisioningFactor } };
}

/** Connections that were made with other certificates, or in the clear, must not be used again. */
function inherits(cluster: LiveCluster, previous: LiveCluster): boolean {
  if (!(cluster instanceof EndpointCluster) || !(previous instanceof EndpointCluster)) return false;
  return isSame(cluster.connections.tls, previous.connections.tls);
}

/** Policies are plain values that are made the same way each time. */
function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
