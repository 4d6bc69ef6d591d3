import { WeftError } from '#api/foundation/errors.ts';
import type { Change, Store, WriteResult } from '../store.ts';
import { createChangeFeed } from './change-feed.ts';
import { storeError } from './errors.ts';
import { createGroupCommit } from './group-commit.ts';
import { openDatabase } from './open-database.ts';
import { prepareStatements } from './statements.ts';
import { applyWrite, type Write } from './write.ts';

export interface SqliteStoreOptions {
  /** The database file; its directory must exist. */
  readonly path: string;
  /** Revisions that stay readable behind the present one; older ones are forgotten. */
  readonly keepRevisions?: number;
  /** Refuse to grow beyond this many pages of 4 KiB; unlimited when absent. */
  readonly maxPages?: number;
}

/** About five minutes of a mesh under heavy change, Kubernetes' compaction interval. */
const KEEP_REVISIONS = 10_000;
/** Compaction works in steps of this many revisions, each a short transaction. */
const COMPACTION_STEP = 1_000;
const NO_LIMIT = -1;

/**
 * The embedded store: one SQLite file, written by this process alone. Throws a WeftError with code `StoreCorrupt`,
 * `StoreForeign`, `StoreTooNew`, `StoreInUse` or `StoreUnreadable` when the file cannot be used, and leaves it alone.
 * Writes reject with `StoreFull` when the disk is full; what was written before stays readable.
 */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const { path, keepRevisions = KEEP_REVISIONS } = options;
  const database = openDatabase(path);
  if (options.maxPages !== undefined) database.exec(`PRAGMA max_page_count = ${options.maxPages}`);
  const statements = prepareStatements(database);
  let revision = statements.revision();
  let compacted = statements.compacted();
  let closed = false;

  /** Runs one look at the database; its failures become the store's. */
  const attempt = <T>(work: () => T): T => {
    if (closed) throw closedError(path);
    try {
      return work();
    } catch (error) {
      throw storeError(path, error);
    }
  };
  const requireKept = (at: number): void => {
    if (at < compacted) throw compactedError(at, compacted);
  };
  const feed = createChangeFeed({
    revision: () => revision,
    read: (...range) => attempt(() => statements.changes(...range)),
    requireKept,
  });

  const compact = (): void => {
    const until = Math.min(revision - keepRevisions, compacted + COMPACTION_STEP);
    if (until < compacted + Math.min(COMPACTION_STEP, keepRevisions)) return;
    try {
      statements.transaction(() => statements.forget(compacted, until));
      compacted = until;
    } catch {
      // A full disk hinders compaction too; the next commit tries again.
    }
  };
  const commit = (writes: readonly Write[]): WriteResult[] =>
    attempt(() => {
      const changes: Change[] = [];
      const results = statements.transaction(() =>
        writes.map((write) => {
          const { result, change } = applyWrite(statements, write, revision + changes.length + 1);
          if (change !== undefined) changes.push(change);
          return result;
        }),
      );
      revision += changes.length;
      if (changes.length > 0) feed.publish(changes);
      compact();
      return results;
    });
  const writer = createGroupCommit({ commit, closed: () => closedError(path) });

  return {
    get: async (key) => attempt(() => statements.get(key)),
    async list(prefix, { at, from = '', limit = NO_LIMIT } = {}) {
      if (at === undefined || at === revision) {
        return { entries: attempt(() => statements.list(prefix, from, limit)), revision };
      }
      requireKept(at);
      if (at > revision) throw futureError(at, revision);
      return { entries: attempt(() => statements.listAt(prefix, at, from, limit)), revision: at };
    },
    create: (key, value) => writer.submit({ type: 'create', key, value }),
    update: (key, value, expected) => writer.submit({ type: 'update', key, value, expected }),
    delete: (key, expected) => writer.submit({ type: 'delete', key, expected }),
    watch: (prefix, after, signal) => feed.watch(prefix, after, signal),
    revision: async () => revision,
    async close() {
      if (closed) return;
      writer.close();
      closed = true;
      feed.close();
      database.close();
    },
  };
}

function compactedError(at: number, compacted: number): WeftError {
  return new WeftError('Compacted', `revision ${at} is forgotten; the oldest kept is ${compacted}`);
}

function futureError(at: number, revision: number): WeftError {
  return new WeftError('FutureRevision', `revision ${at} does not exist yet; the present one is ${revision}`);
}

function closedError(path: string): WeftError {
  return new WeftError('StoreClosed', `the store ${path} is closed`);
}
