import type { Clock } from '#api/foundation/clock.ts';
import type { Random } from '#api/foundation/random.ts';
import { estimateOf, isHashing } from './balancer.ts';
import { CircuitBreakers } from './circuit-breakers.ts';
import type { Cluster, ConnectionSettings, PickContext, ServiceIdentity } from './cluster.ts';
import type { ClusterPolicy } from './cluster-policy.ts';
import { groupsOf, type Placed, type PriorityGroup } from './locality/groups.ts';
import type { LocalityEndpoints } from './locality/locality-endpoints.ts';
import { Picture } from './locality/picture.ts';
import { OutlierDetector, type OutlierListener } from './outlier/outlier-detector.ts';
import { type EndpointAddress, keyOf, TrackedEndpoint } from './tracked-endpoint.ts';

/** Nobody listens. */
const SILENT: OutlierListener = { onEjected() {}, onReturned() {} };

/**
 * A cluster whose endpoints were told to it (EDS, STATIC).
 *
 * An update replaces them in place, and a change of configuration makes a new cluster that takes over the endpoints and
 * what is known of them. Picks go to a picture of what can be used, which is made at the first pick after a change.
 */
export class EndpointCluster implements Cluster {
  readonly name: string;
  readonly service: ServiceIdentity;
  readonly connectTimeoutMs: number;
  readonly breakers: CircuitBreakers;
  readonly connections: ConnectionSettings;
  readonly policy: ClusterPolicy;
  removed = false;
  #endpoints: readonly TrackedEndpoint[] = [];
  #localities: readonly LocalityEndpoints[] = [];
  #groups: readonly PriorityGroup[];
  #picture: Picture | undefined;
  /** What this cluster became; requests that still hold this one are served by it. */
  #successor: EndpointCluster | undefined;
  readonly #detector: OutlierDetector | undefined;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #hashing: boolean;

  /**
   * `previous`: what this cluster was before its configuration changed. `listener` hears of ejections and returns.
   */
  constructor(
    policy: ClusterPolicy,
    clock: Clock,
    random: Random,
    previous?: EndpointCluster,
    listener: OutlierListener = SILENT,
  ) {
    this.name = policy.name;
    this.service = policy.service;
    this.connectTimeoutMs = policy.connectTimeoutMs;
    this.connections = policy.connections;
    this.breakers = previous?.breakers ?? new CircuitBreakers(policy.limits);
    this.breakers.adjust(policy.limits);
    this.policy = policy;
    this.#clock = clock;
    this.#random = random;
    this.#groups = groupsOf([], policy.balancer);
    this.#hashing = isHashing(policy.balancer);
    if (policy.outlier !== undefined) {
      this.#detector = new OutlierDetector(policy.outlier, clock, random, this.#relay(listener));
    }
    if (previous !== undefined) this.#adopt(previous);
  }

  get endpoints(): readonly TrackedEndpoint[] {
    return this.#endpoints;
  }

  /** What was told last. */
  get localities(): readonly LocalityEndpoints[] {
    return this.#localities;
  }

  /** Undefined where nothing is detected. */
  get outliers(): OutlierDetector | undefined {
    return this.#detector;
  }

  /** Whether endpoints are used although they are ejected, since too few are not. */
  get panic(): boolean {
    return this.#current().panic;
  }

  pick(context: PickContext): TrackedEndpoint | undefined {
    const picture = this.#picture ?? this.#current();
    const detector = this.#detector;
    if (detector !== undefined && detector.trials.length > 0) {
      const onTrial = this.#trial(detector.trials, picture, context);
      if (onTrial !== undefined) return onTrial;
    }
    return picture.pick(context);
  }

  /** Replaces the set. An address that stays with the same workload stays the same endpoint. */
  replaceEndpoints(localities: readonly LocalityEndpoints[]): void {
    this.#localities = localities;
    this.#place(new Map(this.#endpoints.map((endpoint) => [endpoint.key, endpoint])));
  }

  /** The cluster is gone, and so are its endpoints. */
  retire(): void {
    this.removed = true;
    this.#detector?.stop();
    for (const endpoint of this.#endpoints) endpoint.removed = true;
  }

  #current(): Picture {
    if (this.#successor !== undefined) return this.#successor.#current();
    const { balancer, locality } = this.policy;
    this.#picture ??= new Picture(this.#groups, {
      balancer,
      locality,
      clock: this.#clock,
      random: this.#random,
    });
    return this.#picture;
  }

  /** Requests with a key find endpoints on trial by their key; of the others the first is the trial. */
  #trial(
    trials: readonly TrackedEndpoint[],
    picture: Picture,
    { excluded, hash }: PickContext,
  ): TrackedEndpoint | undefined {
    if (this.#hashing && hash !== undefined) return undefined;
    for (const endpoint of trials) {
      if (endpoint.priority > picture.lastPriority || excluded.includes(endpoint)) continue;
      if (endpoint.takeTrial()) return endpoint;
    }
    return undefined;
  }

  /** Makes endpoints of what was told, those of `known` that stay among them. */
  #place(known: ReadonlyMap<string, TrackedEndpoint>): void {
    const next = new Map<string, TrackedEndpoint>();
    const placed = this.#localities.map((told): Placed => {
      const members: TrackedEndpoint[] = [];
      for (const where of told.endpoints) {
        const key = keyOf(where.address, where.port);
        if (next.has(key)) continue;
        const endpoint = this.#endpointAt(where, known.get(key));
        endpoint.priority = told.priority;
        next.set(key, endpoint);
        members.push(endpoint);
      }
      return { ...told, members };
    });
    for (const [key, endpoint] of known) endpoint.removed = next.get(key) !== endpoint;
    this.#endpoints = [...next.values()];
    this.#groups = groupsOf(placed, this.policy.balancer);
    this.#picture = undefined;
    this.#detector?.watch(this.#endpoints);
  }

  #endpointAt(where: EndpointAddress, known: TrackedEndpoint | undefined): TrackedEndpoint {
    const { balancer, localAddress } = this.policy;
    if (known !== undefined && known.localAddress === localAddress && sameWorkload(known, where)) {
      known.weight = where.weight;
      return known;
    }
    return new TrackedEndpoint(where, localAddress, estimateOf(balancer), this.#clock);
  }

  /** Takes over the endpoints. Where nothing is detected any more, those that were ejected are back. */
  #adopt(previous: EndpointCluster): void {
    previous.#detector?.stop();
    previous.#successor = this;
    previous.#picture = undefined;
    const estimate = estimateOf(this.policy.balancer);
    for (const endpoint of previous.endpoints) {
      endpoint.load.policy = estimate;
      if (this.#detector === undefined) endpoint.health.restore();
    }
    this.#localities = previous.localities;
    this.#place(new Map(previous.endpoints.map((endpoint) => [endpoint.key, endpoint])));
  }

  #relay(listener: OutlierListener): OutlierListener {
    return {
      onEjected: (endpoint, cause, durationMs) => {
        this.#picture = undefined;
        listener.onEjected(endpoint, cause, durationMs);
      },
      onReturned: (endpoint) => {
        this.#picture = undefined;
        listener.onReturned(endpoint);
      },
    };
  }
}

function sameWorkload(a: EndpointAddress, b: EndpointAddress): boolean {
  return (
    a.workload?.workload === b.workload?.workload &&
    a.workload?.namespace === b.workload?.namespace &&
    a.workload?.canonicalName === b.workload?.canonicalName &&
    a.workload?.canonicalRevision === b.workload?.canonicalRevision &&
    a.workload?.cluster === b.workload?.cluster
  );
}
