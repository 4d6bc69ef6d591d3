import { WeftError } from '#api/foundation/errors.ts';
import type { ContainerView, Exit } from '../pod/containers.ts';
import type { ExitWatch } from './exit-watch.ts';

/**
 * Looks at a container until it has exited. Rejects with the signal's reason when that comes first, and with a WeftError
 * `ContainerNotFound` when there is no such container.
 */
export function awaitExit(
  exits: ExitWatch,
  id: string,
  view: () => Promise<ContainerView>,
  signal: AbortSignal,
): Promise<Exit> {
  const { promise, resolve, reject } = Promise.withResolvers<Exit>();
  let looking = false;
  let called = false;

  /** One look at a time; a call meanwhile may tell of what the present look came too early for. */
  const look = async (): Promise<void> => {
    called = true;
    if (looking) return;
    looking = true;
    while (called) {
      called = false;
      const seen = await view();
      if (seen.state === 'exited') resolve(seen.exit);
      if (seen.state === 'absent') {
        reject(new WeftError('ContainerNotFound', `there is no container ${id}`));
      }
    }
    looking = false;
  };
  const onCall = (): void => void look().catch(reject);
  const onAbort = (): void => reject(signal.reason);

  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const stop = exits.on(id, onCall);
  onCall();
  return promise.finally(() => {
    stop();
    signal.removeEventListener('abort', onAbort);
  });
}
