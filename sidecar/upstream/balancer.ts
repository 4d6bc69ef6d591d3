import type { Clock } from '#api/foundation/clock.ts';
import type { Random } from '#api/foundation/random.ts';
import type { SlowStart } from './balancers/slow-start.ts';
import { DEFAULT_PEAK_EWMA, type PeakEwmaPolicy } from './load-estimate.ts';
import type { TrackedEndpoint } from './tracked-endpoint.ts';

/** Chooses one of `endpoints`, which is never empty. Allocates nothing. */
export type Balancer = (endpoints: readonly TrackedEndpoint[]) => TrackedEndpoint | undefined;

/** Envoy's balancing policies, those that can run here. Compared by value when a cluster is updated. */
export type BalancerPolicy =
  | { readonly kind: 'peak-ewma'; readonly ewma: PeakEwmaPolicy; readonly slowStart?: SlowStart | undefined }
  | LeastRequestPolicy
  | { readonly kind: 'round-robin'; readonly slowStart?: SlowStart | undefined }
  | { readonly kind: 'random' }
  | RingHashPolicy
  | MaglevPolicy;

/** Envoy's LeastRequestLbConfig. */
export interface LeastRequestPolicy {
  readonly kind: 'least-request';
  /** Endpoints drawn for each request, 2 and up; Envoy's default: 2. */
  readonly choices: number;
  /** Where weights differ: the power of the active requests that divides a weight; Envoy's default: 1. */
  readonly activeBias?: number | undefined;
  readonly slowStart?: SlowStart | undefined;
}

/** Envoy's RingHashLbConfig. */
export interface RingHashPolicy {
  readonly kind: 'ring-hash';
  /** Entries of the ring, at least; Envoy's and Istio's default: 1024. */
  readonly minimumRingSize: number;
  /** Entries of the ring, at most; Envoy's default and limit: 8388608. */
  readonly maximumRingSize: number;
}

/** Envoy's MaglevLbConfig. */
export interface MaglevPolicy {
  readonly kind: 'maglev';
  /** Entries of the table: a prime of at most 5000011; Envoy's default: 65537. */
  readonly tableSize: number;
}

export const DEFAULT_POLICY: BalancerPolicy = { kind: 'peak-ewma', ewma: DEFAULT_PEAK_EWMA };

/** How endpoints of a cluster keep their estimate: every policy keeps one, so that it can be looked at. */
export function estimateOf(policy: BalancerPolicy): PeakEwmaPolicy {
  return policy.kind === 'peak-ewma' ? policy.ewma : DEFAULT_PEAK_EWMA;
}

export function createBalancer(policy: BalancerPolicy, clock: Clock, random: Random): Balancer {
  switch (policy.kind) {
    case 'peak-ewma':
      return peakEwma(clock, random);
    case 'least-request':
      return leastRequest(policy.choices, random);
    case 'round-robin':
      return roundRobin(random);
    case 'random':
    case 'ring-hash':
    case 'maglev':
      return (endpoints) => endpoints[indexBelow(endpoints.length, random)];
  }
}

/** Power of two choices: of two different endpoints drawn at random, the cheaper one. */
function peakEwma(clock: Clock, random: Random): Balancer {
  return (endpoints) => {
    const count = endpoints.length;
    if (count === 1) return endpoints[0];
    const first = indexBelow(count, random);
    const drawn = indexBelow(count - 1, random);
    const a = endpoints[first];
    const b = endpoints[drawn < first ? drawn : drawn + 1];
    if (a === undefined || b === undefined) return a;
    const nowMs = clock.nowMs();
    return b.cost(nowMs) < a.cost(nowMs) ? b : a;
  };
}

/** Envoy's least request: the least active of `choices` draws with replacement. */
function leastRequest(choices: number, random: Random): Balancer {
  return (endpoints) => {
    let best = endpoints[indexBelow(endpoints.length, random)];
    for (let draw = 1; draw < choices; draw += 1) {
      const other = endpoints[indexBelow(endpoints.length, random)];
      if (best === undefined || other === undefined) return best;
      if (other.active < best.active) best = other;
    }
    return best;
  };
}

/** Starts anywhere: sidecars that start together do not march together. */
function roundRobin(random: Random): Balancer {
  let next = Math.floor(random() * 0x4000_0000);
  return (endpoints) => {
    next = (next + 1) % 0x4000_0000;
    return endpoints[next % endpoints.length];
  };
}

function indexBelow(count: number, random: Random): number {
  return Math.floor(random() * count);
}
