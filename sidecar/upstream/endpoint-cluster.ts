import type { Clock } from '#api/foundation/clock.ts';
import type { Random } from '#api/foundation/random.ts';
import { type Balancer, createBalancer, estimateOf } from './balancer.ts';
import { CircuitBreakers } from './circuit-breakers.ts';
import type { Cluster, ConnectionSettings, PickContext, ServiceIdentity } from './cluster.ts';
import type { ClusterPolicy } from './cluster-policy.ts';
import type { LocalityEndpoints } from './locality/locality-endpoints.ts';
import { type EndpointAddress, keyOf, TrackedEndpoint } from './tracked-endpoint.ts';

/** A cluster whose endpoints were told to it (EDS, STATIC). */
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
  readonly #balancer: Balancer;
  readonly #clock: Clock;

  /** `previous`: what this cluster was before its configuration changed; its endpoints and what is known of them stay. */
  constructor(policy: ClusterPolicy, clock: Clock, random: Random, previous?: EndpointCluster) {
    this.name = policy.name;
    this.service = policy.service;
    this.connectTimeoutMs = policy.connectTimeoutMs;
    this.connections = policy.connections;
    this.breakers = previous?.breakers ?? new CircuitBreakers(policy.limits);
    this.breakers.adjust(policy.limits);
    this.policy = policy;
    this.#clock = clock;
    this.#balancer = createBalancer(policy.balancer, clock, random);
    if (previous !== undefined) this.#adopt(previous);
  }

  get endpoints(): readonly TrackedEndpoint[] {
    return this.#endpoints;
  }

  /** What was told last. */
  get localities(): readonly LocalityEndpoints[] {
    return this.#localities;
  }

  pick({ excluded }: PickContext): TrackedEndpoint | undefined {
    const all = this.#endpoints;
    if (all.length === 0) return undefined;
    if (excluded.length === 0) return this.#balancer(all);
    const untried = all.filter((endpoint) => !excluded.includes(endpoint));
    return this.#balancer(untried.length > 0 ? untried : all);
  }

  /** Replaces the set. An address that stays with the same workload stays the same endpoint. */
  replaceEndpoints(localities: readonly LocalityEndpoints[]): void {
    this.#localities = localities;
    const known = new Map(this.#endpoints.map((endpoint) => [endpoint.key, endpoint]));
    const next = new Map<string, TrackedEndpoint>();
    for (const where of localities.flatMap(({ endpoints }) => endpoints)) {
      const kept = known.get(keyOf(where.address, where.port));
      const endpoint = kept !== undefined && sameWorkload(kept, where) ? kept : this.#track(where);
      next.set(endpoint.key, endpoint);
    }
    for (const [key, endpoint] of known) endpoint.removed = next.get(key) !== endpoint;
    this.#endpoints = [...next.values()];
  }

  /** The cluster is gone, and so are its endpoints. */
  retire(): void {
    this.removed = true;
    for (const endpoint of this.#endpoints) endpoint.removed = true;
  }

  #track(where: EndpointAddress): TrackedEndpoint {
    return new TrackedEndpoint(
      where,
      this.policy.localAddress,
      estimateOf(this.policy.balancer),
      this.#clock,
    );
  }

  #adopt(previous: EndpointCluster): void {
    const estimate = estimateOf(this.policy.balancer);
    this.#localities = previous.localities;
    this.#endpoints = previous.endpoints.map((endpoint) => {
      if (endpoint.localAddress !== this.policy.localAddress) {
        endpoint.removed = true;
        return this.#track(endpoint);
      }
      endpoint.load.policy = estimate;
      return endpoint;
    });
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
