import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { Random } from '#api/foundation/random.ts';
import type { ObserveQueue } from './queue/queue-observer.ts';

/** What every controller takes as arguments instead of reading it from the world. */
export interface Tools {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly observeQueue?: ObserveQueue;
}

/** A running part of the controllers. */
export interface Running {
  /** Resolves when nothing of it runs any more. */
  close(): Promise<void>;
}
