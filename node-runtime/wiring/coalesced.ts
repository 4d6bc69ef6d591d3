import { type Clock, sleep } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';

/** A failed run is tried again after this, milliseconds. */
const RETRY_MS = 1_000;
/** Between runs, this many times as long as the last one took: during a flood of calls most of the time is others'. */
const REST_FACTOR = 2;
/** But never longer than this, milliseconds: what was called for should not be missed for long. */
const MAX_REST_MS = 500;

/**
 * Runs `task` after each call, one run at a time: calls during a run, and during the rest after it, are one more run. For
 * work that looks at the whole present state and need not see every change.
 */
export function coalesced(
  name: string,
  task: () => Promise<void>,
  tools: { clock: Clock; logger: Logger },
): () => void {
  const { clock, logger } = tools;
  let wanted = false;
  let running = false;
  const run = async (): Promise<void> => {
    running = true;
    while (wanted) {
      wanted = false;
      const startMs = clock.nowMs();
      try {
        await task();
        await sleep(clock, Math.min(MAX_REST_MS, REST_FACTOR * (clock.nowMs() - startMs)));
      } catch (error) {
        logger.error(`${name} failed, trying again`, { reason: messageOf(error) });
        wanted = true;
        await sleep(clock, RETRY_MS);
      }
    }
    running = false;
  };
  return () => {
    wanted = true;
    if (!running) queueMicrotask(() => void (running ? undefined : run()));
  };
}
