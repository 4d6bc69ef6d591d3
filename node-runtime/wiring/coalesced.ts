import { type Clock, sleep } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';

/** A failed run is tried again after this, milliseconds. */
const RETRY_MS = 1_000;

/**
 * Runs `task` after each call, one run at a time: calls during a run are one more run. For work that looks at the
 * whole present state and need not see every change.
 */
export function coalesced(
  name: string,
  task: () => Promise<void>,
  tools: { clock: Clock; logger: Logger },
): () => void {
  let wanted = false;
  let running = false;
  const run = async (): Promise<void> => {
    running = true;
    while (wanted) {
      wanted = false;
      try {
        await task();
      } catch (error) {
        tools.logger.error(`${name} failed, trying again`, { reason: messageOf(error) });
        wanted = true;
        await sleep(tools.clock, RETRY_MS);
      }
    }
    running = false;
  };
  return () => {
    wanted = true;
    if (!running) queueMicrotask(() => void (running ? undefined : run()));
  };
}
