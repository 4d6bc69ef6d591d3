import type { Random } from '#api/foundation/random.ts';
import type { TrackedEndpoint } from '../tracked-endpoint.ts';
import { mix } from './hash.ts';
import type { HashTable } from './hash-table.ts';

/** Turns that look for an owner that can be used, before the key is dealt to those that can be. */
const MAX_TURNS = 64;

/**
 * A key goes to its owner in the table of all `members`; when that one cannot be used, to the next of the table that
 * can. So an ejection moves the keys of the ejected endpoint only. Without a key: at random, as in Envoy.
 *
 * `table` is asked for once a key comes. `attempt` counts the choices already refused for this request.
 */
export function consistentHash(
  members: readonly TrackedEndpoint[],
  eligible: readonly TrackedEndpoint[],
  table: () => HashTable,
  random: Random,
): (hash: number | undefined, attempt: number) => TrackedEndpoint {
  const usable = eligible.length === members.length ? undefined : new Set(eligible);
  const any = (): TrackedEndpoint => eligible[Math.floor(random() * eligible.length)]!;
  return (hash, attempt) => {
    if (hash === undefined) return any();
    const owners = table();
    for (let turn = attempt; turn < attempt + MAX_TURNS; turn += 1) {
      const owner = members[owners.owner(hash, turn)]!;
      if (usable === undefined || usable.has(owner) || owner.takeTrial()) return owner;
    }
    return eligible[mix(hash) % eligible.length]!;
  };
}
