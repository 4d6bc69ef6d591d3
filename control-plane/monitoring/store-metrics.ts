/** The store: what it is asked, how long that takes, and what it has grown to. */
import { statSync } from 'node:fs';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Clock } from '#api/foundation/clock.ts';
import { codeOf } from '#api/foundation/errors.ts';
import type { Store } from '../store/store.ts';

/** From what memory answers to what a slow disk's flush takes. */
const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

export interface StoreMetricsOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  /** The database file; what is written ahead of it stands beside it. */
  readonly path: string;
}

/** The same store, observed. */
export function observeStore(store: Store, { registry, clock, path }: StoreMetricsOptions): Store {
  const registers = [registry];
  const durations = new Histogram({
    name: 'weft_store_operation_duration_seconds',
    help: 'Seconds that the store took, by operation; a write ends when it is on disk.',
    labelNames: ['operation'],
    buckets: BUCKETS,
    registers,
  });
  const outcomes = new Counter({
    name: 'weft_store_operations_total',
    help: 'Operations of the store, by operation and outcome (ok, written, exists, conflict, absent, failed).',
    labelNames: ['operation', 'outcome'],
    registers,
  });
  const watches = new Gauge({
    name: 'weft_store_watches',
    help: 'Watches of the store that are open.',
    registers,
  });
  new Gauge({
    name: 'weft_store_revision',
    help: 'The present revision of the store.',
    registers,
    async collect() {
      this.set(await store.revision().catch(() => 0));
    },
  });
  new Gauge({
    name: 'weft_store_size_bytes',
    help: 'Bytes that the store takes on disk, by file (database, log).',
    labelNames: ['file'],
    registers,
    collect() {
      this.set({ file: 'database' }, sizeOf(path));
      this.set({ file: 'log' }, sizeOf(`${path}-wal`));
    },
  });
  const timed = async <T>(
    operation: string,
    work: Promise<T>,
    outcomeOf: (result: T) => string,
  ): Promise<T> => {
    const startedMs = clock.nowMs();
    let outcome = 'failed';
    try {
      const result = await work;
      outcome = outcomeOf(result);
      return result;
    } finally {
      durations.observe({ operation }, (clock.nowMs() - startedMs) / 1000);
      outcomes.inc({ operation, outcome });
    }
  };
  const ok = (): string => 'ok';
  return {
    get: (key) => timed('get', store.get(key), ok),
    list: (prefix, options) => timed('list', store.list(prefix, options), ok),
    create: (key, value) => timed('create', store.create(key, value), ({ outcome }) => outcome),
    update: (key, value, expected) =>
      timed('update', store.update(key, value, expected), ({ outcome }) => outcome),
    delete: (key, expected) => timed('delete', store.delete(key, expected), ({ outcome }) => outcome),
    watch: (prefix, after, signal) => {
      const changes = store.watch(prefix, after, signal);
      return {
        [Symbol.asyncIterator]() {
          watches.inc();
          let open = true;
          const end = (): void => {
            if (open) watches.dec();
            open = false;
          };
          const inner = changes[Symbol.asyncIterator]();
          return {
            // The very promise of the store: a watch that waits is told apart by it (see `Store.revision`).
            next: () => {
              const next = inner.next();
              next.then(
                ({ done }) => done === true && end(),
                () => end(),
              );
              return next;
            },
            async return() {
              end();
              return (await inner.return?.()) ?? { done: true, value: undefined };
            },
          };
        },
      };
    },
    revision: () => store.revision(),
    close: () => store.close(),
  };
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}
