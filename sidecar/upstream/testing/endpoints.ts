/** Endpoints, clusters and balancers for tests. */
import type { Clock } from '#api/foundation/clock.ts';
import type { Random } from '#api/foundation/random.ts';
import {
  type Balancer,
  type BalancerPolicy,
  buildTable,
  createBalancer,
  DEFAULT_POLICY,
  estimateOf,
  isHashing,
} from '../balancer.ts';
import { DEFAULT_LIMITS } from '../circuit-breakers.ts';
import type { PickContext } from '../cluster.ts';
import { type ClusterPolicy, DEFAULT_CONNECTIONS } from '../cluster-policy.ts';
import { DEFAULT_LOCALITY } from '../locality/locality-policy.ts';
import { type EndpointAddress, TrackedEndpoint } from '../tracked-endpoint.ts';

/** `10.0.X.Y`, a different one for each index. */
export function addressOf(index: number, weight = 1): EndpointAddress {
  const address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
  return { address, port: 80, workload: undefined, weight };
}

/** As many endpoints as there are weights. */
export function endpointsOf(
  weights: readonly number[],
  clock: Clock,
  policy: BalancerPolicy = DEFAULT_POLICY,
): TrackedEndpoint[] {
  return weights.map(
    (weight, i) => new TrackedEndpoint(addressOf(i, weight), undefined, estimateOf(policy), clock),
  );
}

/** A balancer of healthy endpoints. */
export function balancerOf(
  policy: BalancerPolicy,
  members: readonly TrackedEndpoint[],
  clock: Clock,
  random: Random,
): Balancer {
  const built = isHashing(policy) ? buildTable(policy, members) : undefined;
  const table = () => {
    if (built === undefined) throw new Error('no table');
    return built;
  };
  return createBalancer(policy, { members, eligible: members, table }, clock, random);
}

export function policyOf(changes: Partial<ClusterPolicy> = {}): ClusterPolicy {
  return {
    name: 'outbound|80||app.test',
    service: { host: 'app.test', name: 'app', namespace: 'test' },
    connectTimeoutMs: 1_000,
    balancer: DEFAULT_POLICY,
    locality: DEFAULT_LOCALITY,
    outlier: undefined,
    limits: DEFAULT_LIMITS,
    connections: DEFAULT_CONNECTIONS,
    localAddress: undefined,
    ...changes,
  };
}

/** A request without a key that was not tried yet. */
export const ANY_REQUEST: PickContext = {
  excluded: [],
  original: { address: '10.96.0.1', port: 80 },
  hash: undefined,
};
