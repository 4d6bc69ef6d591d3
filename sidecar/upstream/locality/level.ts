/** One priority as it can be used now. */
import type { Clock } from '#api/foundation/clock.ts';
import type { Random } from '#api/foundation/random.ts';
import { type Balancer, type BalancerPolicy, createBalancer } from '../balancer.ts';
import { EdfSchedule } from '../balancers/edf.ts';
import { rehash } from '../balancers/hash.ts';
import type { TrackedEndpoint } from '../tracked-endpoint.ts';
import type { Group, PriorityGroup } from './groups.ts';
import type { LocalityPolicy } from './locality-policy.ts';

/** What balancing takes besides the endpoints. */
export interface Means {
  readonly balancer: BalancerPolicy;
  readonly locality: LocalityPolicy;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Level {
  /** Those that may be picked. */
  readonly eligible: readonly TrackedEndpoint[];
  /** Undefined when none may be. */
  readonly pick: Balancer | undefined;
}

/** Sets the choice of a locality apart from that of its endpoint, for requests with a key. */
const LOCALITY_TURN = 0x10c;

/** `panic`: healthy or not, and whatever the localities weigh, as in Envoy. */
export function levelOf({ all, localities }: PriorityGroup, panic: boolean, means: Means): Level {
  if (panic && means.locality.failTrafficOnPanic) return { eligible: [], pick: undefined };
  if (panic) return balanced(all, all.members, means);
  if (means.locality.weighted && localities.some(({ weight }) => weight > 0)) {
    return weighted(localities, means);
  }
  return balanced(all, servingOf(all), means);
}

function balanced(group: Group, eligible: readonly TrackedEndpoint[], means: Means): Level {
  if (eligible.length === 0) return { eligible, pick: undefined };
  const { members, table } = group;
  const pick = createBalancer(means.balancer, { members, eligible, table }, means.clock, means.random);
  return { eligible, pick };
}

/** A locality's weight shrinks with its health, as far as the overprovisioning factor does not make up for it. */
function weighted(localities: readonly Group[], means: Means): Level {
  const factor = means.locality.overprovisioningFactor / 100;
  const usable = localities
    .map((group) => ({ group, serving: servingOf(group) }))
    .filter(({ group, serving }) => group.weight > 0 && serving.length > 0);
  const eligible = usable.flatMap(({ serving }) => serving);
  const balancers = usable.map(({ group, serving }) => balanced(group, serving, means).pick!);
  const weights = usable.map(
    ({ group, serving }) => group.weight * Math.min(1, (factor * serving.length) / group.members.length),
  );
  if (balancers.length <= 1) return { eligible, pick: balancers[0] };
  return { eligible, pick: amongLocalities(balancers, weights, means.random) };
}

function amongLocalities(
  balancers: readonly Balancer[],
  weights: readonly number[],
  random: Random,
): Balancer {
  const weightOf = (index: number): number => weights[index]!;
  const schedule = new EdfSchedule(balancers.length, weightOf, random);
  return (hash, attempt) => {
    if (hash !== undefined) return balancers[byHash(weights, hash)]!(hash, attempt);
    const index = schedule.first;
    schedule.turn(weightOf(index));
    return balancers[index]!(hash, attempt);
  };
}

function byHash(weights: readonly number[], hash: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let left = (rehash(hash, LOCALITY_TURN) / 2 ** 32) * total;
  for (let index = 0; index < weights.length - 1; index += 1) {
    left -= weights[index]!;
    if (left < 0) return index;
  }
  return weights.length - 1;
}

function servingOf({ members }: Group): readonly TrackedEndpoint[] {
  return members.every(({ health }) => health.serving)
    ? members
    : members.filter(({ health }) => health.serving);
}
