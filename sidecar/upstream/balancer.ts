import type { Clock } from '#api/foundation/clock.ts';
import type { Random } from '#api/foundation/random.ts';
import { consistentHash } from './balancers/consistent-hash.ts';
import type { HashTable } from './balancers/hash-table.ts';
import { type LeastRequestSettings, leastRequest } from './balancers/least-request.ts';
import { buildMaglev } from './balancers/maglev.ts';
import { peakEwma } from './balancers/peak-ewma.ts';
import { buildRing, type RingSize } from './balancers/ring.ts';
import { roundRobin } from './balancers/round-robin.ts';
import type { SlowStart } from './balancers/slow-start.ts';
import { WeightedDraw } from './balancers/weighted-draw.ts';
import { Weights } from './balancers/weights.ts';
import { DEFAULT_PEAK_EWMA, type PeakEwmaPolicy } from './load-estimate.ts';
import type { TrackedEndpoint } from './tracked-endpoint.ts';

/**
 * Chooses one of the endpoints that it was made for; allocates nothing. `hash`: the request's key, if it has one;
 * `attempt`: choices already refused for this request.
 */
export type Balancer = (hash: number | undefined, attempt: number) => TrackedEndpoint;

/** What a balancer chooses from. */
export interface Candidates {
  /** All endpoints, whatever their health; their order says nothing. */
  readonly members: readonly TrackedEndpoint[];
  /** Those that may be chosen; never empty. */
  readonly eligible: readonly TrackedEndpoint[];
  /** The members' hash table, built at the first call. */
  readonly table: () => HashTable;
}

/** Envoy's balancing policies, those that can run here. Compared by value when a cluster is updated. */
export type BalancerPolicy =
  | { readonly kind: 'peak-ewma'; readonly ewma: PeakEwmaPolicy; readonly slowStart?: SlowStart | undefined }
  | LeastRequestPolicy
  | { readonly kind: 'round-robin'; readonly slowStart?: SlowStart | undefined }
  | { readonly kind: 'random' }
  | RingHashPolicy
  | MaglevPolicy;

/** Envoy's LeastRequestLbConfig. */
export interface LeastRequestPolicy extends LeastRequestSettings {
  readonly kind: 'least-request';
  readonly slowStart?: SlowStart | undefined;
}

/** Envoy's RingHashLbConfig. */
export interface RingHashPolicy extends RingSize {
  readonly kind: 'ring-hash';
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

/** Whether requests are told apart by their key. */
export function isHashing(policy: BalancerPolicy): policy is RingHashPolicy | MaglevPolicy {
  return policy.kind === 'ring-hash' || policy.kind === 'maglev';
}

/** The hash table of a policy that needs one. Costs some time: about 0.1 s for a ring of a thousand endpoints. */
export function buildTable(
  policy: RingHashPolicy | MaglevPolicy,
  members: readonly TrackedEndpoint[],
): HashTable {
  return policy.kind === 'maglev' ? buildMaglev(members, policy.tableSize) : buildRing(members, policy);
}

/** A balancer for these candidates; another one is made when they change. */
export function createBalancer(
  policy: BalancerPolicy,
  { members, eligible, table }: Candidates,
  clock: Clock,
  random: Random,
): Balancer {
  const only = eligible[0];
  if (isHashing(policy)) return consistentHash(members, eligible, table, random);
  if (eligible.length === 1 && only !== undefined) return () => only;
  const weights = new Weights(eligible, policy.kind === 'random' ? undefined : policy.slowStart);
  switch (policy.kind) {
    case 'peak-ewma':
      return peakEwma(eligible, weights, clock, random);
    case 'least-request':
      return leastRequest(eligible, weights, policy, clock, random);
    case 'round-robin':
      return roundRobin(eligible, weights, clock, random);
    case 'random': {
      const draws = new WeightedDraw(eligible.length, weights, random);
      return () => eligible[draws.draw(0)]!;
    }
  }
}
