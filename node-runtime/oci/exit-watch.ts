import { type FSWatcher, watch } from 'node:fs';
import type { Clock } from '#api/foundation/clock.ts';

/**
 * Wakes whoever waits for a container when its exit file may have appeared: at once when the kernel tells of the file, and
 * now and then for all, since a monitor that was killed leaves no file and the kernel's queue may overflow.
 */
export interface ExitWatch {
  /** Calls `look` on every occasion; returns the way to stop. */
  on(id: string, look: () => void): () => void;
}

/** How often everybody looks again, milliseconds: bounds how late a lost exit is noticed. */
const LOOK_AGAIN_MS = 1_000;

export function createExitWatch(directory: string, clock: Clock): ExitWatch {
  const waiting = new Map<string, Set<() => void>>();
  let watcher: FSWatcher | undefined;

  const lookAgain = (): void => {
    for (const looks of waiting.values()) for (const look of looks) look();
    if (waiting.size > 0) clock.after(LOOK_AGAIN_MS, lookAgain);
  };
  // The kernel's watches may be used up by other programs: then looking again now and then has to do.
  const open = (): void => {
    try {
      watcher ??= watch(directory, { persistent: false }, (_event, name) => {
        for (const look of waiting.get(name ?? '') ?? []) look();
      }).on('error', () => {
        watcher?.close();
        watcher = undefined;
      });
    } catch {
      watcher = undefined;
    }
  };

  return {
    on(id, look) {
      open();
      const looks = waiting.get(id) ?? new Set();
      if (waiting.size === 0) clock.after(LOOK_AGAIN_MS, lookAgain);
      waiting.set(id, looks.add(look));
      return () => {
        looks.delete(look);
        if (looks.size === 0 && waiting.get(id) === looks) waiting.delete(id);
      };
    },
  };
}
