import { type BalancerPolicy, buildTable, isHashing } from '../balancer.ts';
import type { HashTable } from '../balancers/hash-table.ts';
import type { TrackedEndpoint } from '../tracked-endpoint.ts';
import { type Locality, NO_LOCALITY } from './locality-endpoints.ts';

/** Endpoints that are balanced among each other: those of a locality, or of a whole priority. */
export interface Group {
  readonly locality: Locality;
  /** Against other localities of the priority. */
  readonly weight: number;
  readonly members: readonly TrackedEndpoint[];
  /** Built at the first call, and kept. */
  readonly table: () => HashTable;
}

/** The endpoints of one priority, all together and by locality. */
export interface PriorityGroup {
  readonly all: Group;
  readonly localities: readonly Group[];
}

/** What one locality of a priority holds. */
export interface Placed {
  readonly locality: Locality;
  readonly priority: number;
  readonly weight: number;
  readonly members: readonly TrackedEndpoint[];
}

/** By priority; one that nobody has is empty, as in Envoy. */
export function groupsOf(placed: readonly Placed[], policy: BalancerPolicy): PriorityGroup[] {
  const count = placed.reduce((most, { priority }) => Math.max(most, priority + 1), 1);
  return Array.from({ length: count }, (_, priority) => {
    const here = placed.filter((each) => each.priority === priority);
    const localities = here.map((each) => groupOf(each.locality, each.weight, each.members, policy));
    const members = here.length === 1 ? here[0]!.members : here.flatMap((each) => each.members);
    return { all: groupOf(NO_LOCALITY, 1, members, policy), localities };
  });
}

function groupOf(
  locality: Locality,
  weight: number,
  members: readonly TrackedEndpoint[],
  policy: BalancerPolicy,
): Group {
  let built: HashTable | undefined;
  const table = (): HashTable => {
    if (!isHashing(policy)) throw new Error(`${policy.kind} has no hash table`);
    built ??= buildTable(policy, members);
    return built;
  };
  return { locality, weight, members, table };
}
