/**
 * Which endpoints can be used, and how traffic is shared among them: made anew whenever endpoints come, go, are ejected or
 * return, and immutable between, so that picking is a look-up.
 */
import type { Random } from '#api/foundation/random.ts';
import { rehash } from '../balancers/hash.ts';
import type { PickContext } from '../cluster.ts';
import type { Endpoint } from '../endpoint.ts';
import type { TrackedEndpoint } from '../tracked-endpoint.ts';
import type { PriorityGroup } from './groups.ts';
import { type Level, levelOf, type Means } from './level.ts';
import { priorityLoads } from './priority-load.ts';

/** Choices of the balancer that may fall on excluded endpoints, before the others are gone through. */
const MAX_ATTEMPTS = 5;
/** Sets the choice of a priority apart from that of its endpoint, for requests with a key. */
const PRIORITY_TURN = 0x9a10;

interface Share {
  readonly level: Level;
  /** Percentages of this priority and those before it. */
  readonly upTo: number;
}

export class Picture {
  /** The last priority that gets traffic. */
  readonly lastPriority: number;
  /** Some of the traffic goes to endpoints whether healthy or not. */
  readonly panic: boolean;
  readonly #shares: readonly Share[];
  readonly #only: Level | undefined;
  readonly #random: Random;

  constructor(priorities: readonly PriorityGroup[], means: Means) {
    const counts = priorities.map(({ all: { members } }) => ({
      healthy: members.filter(({ health }) => health.serving).length,
      total: members.length,
    }));
    const loads = priorityLoads(counts, means.locality);
    let upTo = 0;
    const shares: Share[] = [];
    loads.forEach(({ load, panic }, i) => {
      upTo += load;
      if (load > 0) shares.push({ level: levelOf(priorities[i]!, panic, means), upTo });
    });
    this.lastPriority = loads.findLastIndex(({ load }) => load > 0);
    this.panic = loads.some(({ load, panic }) => panic && load > 0);
    this.#shares = shares;
    this.#only = shares.length === 1 ? shares[0]!.level : undefined;
    this.#random = means.random;
  }

  /** Never one of those excluded unless there is no other; undefined when there is none at all. */
  pick({ hash, excluded }: PickContext): TrackedEndpoint | undefined {
    const level = this.#only ?? this.#levelFor(hash);
    const endpoint = level.pick?.(hash, 0);
    if (excluded.length === 0 || endpoint === undefined || !excluded.includes(endpoint)) return endpoint;
    return this.#another(level, hash, excluded) ?? endpoint;
  }

  #levelFor(hash: number | undefined): Level {
    const percent = hash === undefined ? this.#random() * 100 : rehash(hash, PRIORITY_TURN) % 100;
    for (const { level, upTo } of this.#shares) if (percent < upTo) return level;
    return this.#shares.at(-1)!.level;
  }

  #another(
    level: Level,
    hash: number | undefined,
    excluded: readonly Endpoint[],
  ): TrackedEndpoint | undefined {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const endpoint = level.pick!(hash, attempt);
      if (!excluded.includes(endpoint)) return endpoint;
    }
    const start = this.#random();
    const here = untried(level.eligible, start, excluded);
    if (here !== undefined) return here;
    for (const share of this.#shares) {
      const elsewhere = untried(share.level.eligible, start, excluded);
      if (elsewhere !== undefined) return elsewhere;
    }
    return undefined;
  }
}

/** The first from `start` on, a part of the way around, that is not excluded. */
function untried(
  endpoints: readonly TrackedEndpoint[],
  start: number,
  excluded: readonly Endpoint[],
): TrackedEndpoint | undefined {
  const offset = Math.floor(start * endpoints.length);
  for (let i = 0; i < endpoints.length; i += 1) {
    const endpoint = endpoints[(offset + i) % endpoints.length]!;
    if (!excluded.includes(endpoint)) return endpoint;
  }
  return undefined;
}
