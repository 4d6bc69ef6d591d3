import type { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { Change, Entry } from '../store.ts';
import { type ChangeRow, type EntryRow, FIRST_REVISION } from './schema.ts';

/** Greater than every key that starts with the prefix: keys compare as UTF-8 bytes. */
const LAST = '\u{10ffff}';

/** The SQL of the store, prepared once: every question and every change it knows. Synchronous; SQLite's errors come through. */
export interface Statements {
  revision(): number;
  compacted(): number;
  get(key: string): Entry | undefined;
  list(prefix: string, from: string, limit: number): Entry[];
  listAt(prefix: string, at: number, from: string, limit: number): Entry[];
  /** Changes of keys under `prefix` with a revision in (after, until], oldest first. */
  changes(prefix: string, after: number, until: number, limit: number): Change[];
  append(change: Change, previous: number | undefined): void;
  forget(after: number, until: number): void;
  /** Runs `work` in one transaction that is on disk when this returns, or undone when it throws. */
  transaction<T>(work: () => T): T;
}

export function prepareStatements(database: DatabaseSync): Statements {
  const one = <T>(sql: string) => {
    const statement = database.prepare(sql);
    return (...values: (string | number)[]): T | undefined => statement.get(...values) as T | undefined;
  };
  const many = <T>(sql: string) => {
    const statement = database.prepare(sql);
    return (...values: (string | number)[]): T[] => statement.all(...values) as unknown as T[];
  };
  const highest = one<{ revision: number | null }>('SELECT max(revision) AS revision FROM change');
  const compacted = one<{ revision: number }>('SELECT revision FROM compaction');
  const get = one<EntryRow>(
    'SELECT c.key, c.value, c.revision FROM live l JOIN change c ON c.revision = l.revision WHERE l.key = ?',
  );
  const list = many<EntryRow>(`
    SELECT c.key, c.value, c.revision FROM live l JOIN change c ON c.revision = l.revision
    WHERE l.key >= ? AND l.key < ? AND l.key > ? ORDER BY l.key LIMIT ?`);
  const listAt = many<EntryRow>(`
    SELECT c.key, c.value, c.revision FROM change c
    JOIN (SELECT key, max(revision) AS revision FROM change
          WHERE key >= ? AND key < ? AND key > ? AND revision <= ? GROUP BY key) latest
      ON c.revision = latest.revision
    WHERE c.deleted = 0 ORDER BY c.key LIMIT ?`);
  const changes = many<ChangeRow>(`
    SELECT c.revision, c.key, c.value, c.created, c.deleted, p.value AS previousValue
    FROM change c LEFT JOIN change p ON p.revision = c.previous
    WHERE c.revision > ? AND c.revision <= ? AND c.key >= ? AND c.key < ? ORDER BY c.revision LIMIT ?`);
  const insert = database.prepare(
    'INSERT INTO change (revision, key, value, created, deleted, previous, checksum) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const setLive = database.prepare(
    'INSERT INTO live (key, revision) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET revision = excluded.revision',
  );
  const unsetLive = database.prepare('DELETE FROM live WHERE key = ?');
  const forgetReplaced = database.prepare(
    'DELETE FROM change WHERE revision IN (SELECT previous FROM change WHERE revision > ? AND revision <= ? AND previous IS NOT NULL)',
  );
  const forgetDeleted = database.prepare(
    'DELETE FROM change WHERE revision > ? AND revision <= ? AND deleted = 1',
  );
  const setCompacted = database.prepare('UPDATE compaction SET revision = ?');

  return {
    revision: () => highest()?.revision ?? FIRST_REVISION,
    compacted: () => compacted()?.revision ?? FIRST_REVISION,
    get: (key) => get(key),
    list: (prefix, from, limit) => list(prefix, prefix + LAST, from, limit),
    listAt: (prefix, at, from, limit) => listAt(prefix, prefix + LAST, from, at, limit),
    changes: (prefix, after, until, limit) =>
      changes(after, until, prefix, prefix + LAST, limit).map(toChange),
    append({ revision, key, value, created, type }, previous) {
      const deleted = type === 'delete';
      insert.run(revision, key, value, Number(created), Number(deleted), previous ?? null, crc32(value));
      if (deleted) unsetLive.run(key);
      else setLive.run(key, revision);
    },
    forget(after, until) {
      forgetReplaced.run(after, until);
      forgetDeleted.run(after, until);
      setCompacted.run(until);
    },
    transaction: (work) => runTransaction(database, work),
  };
}

function toChange(row: ChangeRow): Change {
  return {
    type: row.deleted === 1 ? 'delete' : 'put',
    key: row.key,
    value: row.value,
    created: row.created === 1,
    revision: row.revision,
    previous: row.previousValue ?? undefined,
  };
}

/** SQLite rolls some failures back by itself (a full disk), others not. */
function runTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
