import { type FSWatcher, watch } from 'node:fs';

/** How often is looked where the kernel does not tell: a human's blink. */
const POLL_MS = 250;

/**
 * Calls back when something may have changed in a directory: at once when the kernel tells, else again and again. The
 * kernel's watches are few (128 for all programs of a user by default) and may be used up by others.
 */
export function watchDirectory(path: string, onChange: () => void): { close(): void } {
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;
  const poll = (): void => {
    watcher?.close();
    watcher = undefined;
    timer ??= setInterval(onChange, POLL_MS).unref();
  };
  try {
    watcher = watch(path, { persistent: false }, onChange).on('error', poll);
  } catch {
    poll();
  }
  return {
    close() {
      watcher?.close();
      clearInterval(timer);
    },
  };
}
