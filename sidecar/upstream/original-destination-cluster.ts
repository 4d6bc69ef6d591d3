import type { Clock } from '#api/foundation/clock.ts';
import { estimateOf } from './balancer.ts';
import { CircuitBreakers } from './circuit-breakers.ts';
import type {
  Cluster,
  ConnectionSettings,
  OriginalDestination,
  PickContext,
  ServiceIdentity,
} from './cluster.ts';
import type { ClusterPolicy } from './cluster-policy.ts';
import { keyOf, TrackedEndpoint } from './tracked-endpoint.ts';

/** Destinations remembered at once: an app that scans the network must not grow the sidecar. */
const MAX_DESTINATIONS = 256;

/**
 * Envoy's ORIGINAL_DST: goes where the connection was going. A destination stays the same endpoint while it is
 * remembered, so that pools can keep connections to it.
 */
export class OriginalDestinationCluster implements Cluster {
  readonly name: string;
  readonly service: ServiceIdentity;
  readonly connectTimeoutMs: number;
  readonly breakers: CircuitBreakers;
  readonly connections: ConnectionSettings;
  readonly policy: ClusterPolicy;
  removed = false;
  #latest: TrackedEndpoint | undefined;
  readonly #destinations = new Map<string, TrackedEndpoint>();
  readonly #clock: Clock;

  constructor(policy: ClusterPolicy, clock: Clock) {
    this.name = policy.name;
    this.service = policy.service;
    this.connectTimeoutMs = policy.connectTimeoutMs;
    this.connections = policy.connections;
    this.breakers = new CircuitBreakers(policy.limits);
    this.policy = policy;
    this.#clock = clock;
  }

  get endpoints(): readonly TrackedEndpoint[] {
    return [...this.#destinations.values()];
  }

  /** Undefined for a connection that came to this proxy itself: going where it was going would go round in circles. */
  pick({ original }: PickContext): TrackedEndpoint | undefined {
    if (original.bound === true) return undefined;
    const latest = this.#latest;
    if (latest !== undefined && latest.port === original.port && latest.address === original.address) {
      return latest;
    }
    const key = keyOf(original.address, original.port);
    const endpoint = this.#destinations.get(key) ?? this.#remember(key, original);
    this.#latest = endpoint;
    return endpoint;
  }

  /** The cluster is gone, and so are its endpoints. */
  retire(): void {
    this.removed = true;
    for (const endpoint of this.#destinations.values()) endpoint.removed = true;
  }

  #remember(key: string, { address, port }: OriginalDestination): TrackedEndpoint {
    if (this.#destinations.size >= MAX_DESTINATIONS) this.#forgetOne();
    const where = { address, port, workload: undefined, weight: 1 };
    const estimate = estimateOf(this.policy.balancer);
    const endpoint = new TrackedEndpoint(where, this.policy.localAddress, estimate, this.#clock);
    this.#destinations.set(key, endpoint);
    return endpoint;
  }

  /** The oldest that is idle, or else the oldest: whoever uses it keeps it until done. */
  #forgetOne(): void {
    let victim = this.#destinations.keys().next().value;
    for (const [key, endpoint] of this.#destinations) {
      if (endpoint.active > 0) continue;
      victim = key;
      break;
    }
    if (victim === undefined) return;
    this.#destinations.get(victim)!.removed = true;
    this.#destinations.delete(victim);
  }
}
