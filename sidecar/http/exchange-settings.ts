import type { Clock } from '#api/foundation/clock.ts';
import type { Random } from '#api/foundation/random.ts';
import type { Deadlines } from '#sidecar/tcp/deadlines.ts';
import type { PoolSet } from '#sidecar/upstream/pool-set.ts';
import type { DeadlineMemory } from './deadline-memory.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** What exchanges of one direction have in common. */
export interface ExchangeSettings {
  readonly clock: Clock;
  readonly random: Random;
  readonly deadlines: Deadlines;
  readonly pools: PoolSet<UpstreamConnection>;
  /** Towards the app: keeps the deadlines of the requests that it gets. */
  readonly remembers: DeadlineMemory | undefined;
  /** Endpoints are the app. */
  readonly inbound?: boolean;
}
