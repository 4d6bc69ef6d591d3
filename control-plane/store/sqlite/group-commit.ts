/**
 * One flush to disk for all writes that arrived in the same turn of the event loop. A lone write pays one flush;
 * a hundred concurrent ones pay one together. When a batch fails as a whole, its writes are tried one by one, so
 * that only those fail which cannot be stored.
 */
export interface GroupCommit<W, R> {
  /** Resolves when the write is on disk, with what it came to. */
  submit(write: W): Promise<R>;
  /** Commits what is queued and refuses what comes later. */
  close(): void;
}

interface Pending<W, R> {
  readonly write: W;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/** Writes of one batch, at most: bounds the pause of the event loop. */
const MAX_BATCH = 256;

export function createGroupCommit<W, R>(options: {
  /** Applies all writes in one transaction; throws when none was stored. */
  readonly commit: (writes: readonly W[]) => R[];
  readonly closed: () => Error;
}): GroupCommit<W, R> {
  const queue: Pending<W, R>[] = [];
  let scheduled = false;
  let open = true;

  const settle = (batch: readonly Pending<W, R>[]): void => {
    try {
      const results = options.commit(batch.map((pending) => pending.write));
      batch.forEach((pending, i) => {
        pending.resolve(results[i] as R);
      });
    } catch (error) {
      if (batch.length === 1) batch[0]?.reject(error);
      else for (const pending of batch) settle([pending]);
    }
  };
  const flush = (): void => {
    scheduled = false;
    settle(queue.splice(0, MAX_BATCH));
    if (queue.length > 0) schedule();
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  };

  return {
    submit(write) {
      if (!open) return Promise.reject(options.closed());
      return new Promise((resolve, reject) => {
        queue.push({ write, resolve, reject });
        schedule();
      });
    },
    close() {
      open = false;
      while (queue.length > 0) settle(queue.splice(0, MAX_BATCH));
    },
  };
}
