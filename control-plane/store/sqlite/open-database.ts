import { chmodSync, closeSync, existsSync, openSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { WeftError } from '#api/foundation/errors.ts';
import { corrupt, storeError } from './errors.ts';
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION } from './schema.ts';

/**
 * A file that exists is looked at through a read-only connection before anything may write to it: SQLite would
 * otherwise replay or drop a write-ahead log, and start afresh over an empty file. Only a file that passed every
 * check is opened for writing.
 */
export function openDatabase(path: string): DatabaseSync {
  try {
    refuseOrphanedLog(path);
    const fresh = sizeOf(path) === 0;
    if (!fresh) inspect(path);
    return openForWriting(path, fresh);
  } catch (error) {
    throw storeError(path, error);
  }
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

/** A log without its database holds acknowledged changes that SQLite would delete. */
function refuseOrphanedLog(path: string): void {
  if (sizeOf(path) === 0 && sizeOf(`${path}-wal`) > 0) {
    throw corrupt(path, `it is missing or empty, but its log ${path}-wal holds changes`);
  }
}

function inspect(path: string): void {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    refuseForeignFile(path, database);
    refuseDamage(path, database);
  } finally {
    database.close();
  }
}

function pragma(database: DatabaseSync, name: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

function refuseForeignFile(path: string, database: DatabaseSync): void {
  const id = pragma(database, 'application_id');
  const version = Number(pragma(database, 'user_version'));
  const empty = pragma(database, 'schema_version') === 0;
  if (empty) return;
  if (id !== APPLICATION_ID) {
    throw new WeftError('StoreForeign', `${path} is a database of another program`, {
      remedy: 'move it away, or give the mesh another data directory',
    });
  }
  if (version > SCHEMA_VERSION) {
    throw new WeftError(
      'StoreTooNew',
      `${path} has format ${version}; this weft reads up to ${SCHEMA_VERSION}`,
      {
        remedy: 'start the newer weft that wrote it',
      },
    );
  }
}

function refuseDamage(path: string, database: DatabaseSync): void {
  const findings = database
    .prepare('PRAGMA integrity_check(5)')
    .all()
    .flatMap((row) => Object.values(row));
  if (findings.length !== 1 || findings[0] !== 'ok') throw corrupt(path, findings.join('; '));
  if (pragma(database, 'schema_version') === 0) return;
  const rows = database
    .prepare('SELECT c.key, c.value, c.checksum FROM live l JOIN change c ON c.revision = l.revision')
    .iterate() as Iterable<{ key: string; value: string; checksum: number }>;
  for (const { key, value, checksum } of rows) {
    if (crc32(value) !== checksum) throw corrupt(path, `the value of ${key} is not what was written`);
  }
}

/** `EXCLUSIVE` keeps a second control plane out and needs no shared memory; `FULL` flushes the log at every commit. */
const PRAGMAS = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA journal_size_limit = 67108864;
`;

function openForWriting(path: string, fresh: boolean): DatabaseSync {
  if (fresh) makePrivateFile(path);
  const database = new DatabaseSync(path);
  try {
    database.exec(PRAGMAS);
    if (fresh || pragma(database, 'schema_version') === 0) create(database);
    database.exec('BEGIN IMMEDIATE; COMMIT;');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The store holds secrets; SQLite gives its log the mode of the database. */
function makePrivateFile(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

function create(database: DatabaseSync): void {
  database.exec(`
    BEGIN IMMEDIATE;
    ${SCHEMA}
    PRAGMA application_id = ${APPLICATION_ID};
    PRAGMA user_version = ${SCHEMA_VERSION};
    COMMIT;
  `);
}
