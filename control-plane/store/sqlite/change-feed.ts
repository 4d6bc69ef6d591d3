import type { Change } from '../store.ts';

/**
 * A watch is a cursor, not a queue: it remembers the last revision that it handed out and reads on from there, from
 * the recent changes in memory or, when it fell behind them, from the table. A slow watcher so costs no memory, and
 * learns that it is too late from compaction.
 */
export interface ChangeFeed {
  /** Takes committed changes, with consecutive revisions, and wakes the watchers. */
  publish(changes: readonly Change[]): void;
  watch(prefix: string, after: number, signal: AbortSignal): AsyncGenerator<Change, void>;
  /** Ends every watch. */
  close(): void;
}

/** Changes kept in memory: more than a watcher lags behind in one turn of the event loop. */
const RECENT = 2048;
/** Rows read at once from the table. */
const READ_ROWS = 500;

export function createChangeFeed(options: {
  readonly revision: () => number;
  readonly read: (prefix: string, after: number, until: number, limit: number) => Change[];
  /** Throws `Compacted` when changes after the revision were forgotten. */
  readonly requireKept: (after: number) => void;
}): ChangeFeed {
  let recent: Change[] = [];
  let waiting: (() => void)[] = [];
  let closed = false;

  const wake = (): void => {
    const woken = waiting;
    waiting = [];
    for (const resume of woken) resume();
  };
  const nextChange = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const resume = (): void => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      const abort = (): void => {
        waiting = waiting.filter((other) => other !== resume);
        resolve();
      };
      signal.addEventListener('abort', abort, { once: true });
      waiting.push(resume);
    });

  /** Changes after the cursor, and how far the look has gone. */
  const readOn = (prefix: string, cursor: number): { changes: readonly Change[]; cursor: number } => {
    const present = options.revision();
    const oldest = recent[0]?.revision ?? present + 1;
    if (cursor + 1 >= oldest) {
      const unseen = recent.slice(cursor + 1 - oldest);
      return { changes: unseen.filter((change) => change.key.startsWith(prefix)), cursor: present };
    }
    options.requireKept(cursor);
    const changes = options.read(prefix, cursor, present, READ_ROWS);
    const last = changes.at(-1);
    return { changes, cursor: changes.length === READ_ROWS && last ? last.revision : present };
  };

  return {
    publish(changes) {
      recent.push(...changes);
      if (recent.length > 2 * RECENT) recent = recent.slice(-RECENT);
      wake();
    },
    async *watch(prefix, after, signal) {
      options.requireKept(after);
      let cursor = after;
      while (!signal.aborted && !closed) {
        if (cursor >= options.revision()) {
          await nextChange(signal);
          continue;
        }
        const read = readOn(prefix, cursor);
        for (const change of read.changes) {
          if (signal.aborted || closed) return;
          yield change;
        }
        cursor = read.cursor;
      }
    },
    close() {
      closed = true;
      wake();
    },
  };
}
