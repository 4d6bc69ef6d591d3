/**
 * One append-only table of changes, as kine and etcd keep them: a revision is a row, a deletion is a row too, and the
 * past stays readable until compaction. `live` says which row is the present one of a key, so that reading the present
 * never scans the past. `checksum` is a CRC-32 of the value: SQLite checks its pages' structure, not their contents.
 */
export const SCHEMA = `
  CREATE TABLE change (
    revision INTEGER PRIMARY KEY,
    key      TEXT    NOT NULL,
    value    TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    deleted  INTEGER NOT NULL,
    previous INTEGER,
    checksum INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX change_by_key ON change (key, revision);
  CREATE TABLE live (
    key      TEXT PRIMARY KEY,
    revision INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE compaction (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL
  ) STRICT;
  INSERT INTO compaction (id, revision) VALUES (1, 1);
`;

/** "weft" in ASCII: says whose file this is. */
export const APPLICATION_ID = 0x77656674;

/** Raised when the tables change; a newer file than the program is refused. */
export const SCHEMA_VERSION = 1;

/** The revision of an empty store, as in etcd: 0 means "any" to Kubernetes clients. */
export const FIRST_REVISION = 1;

/** A row of `change` as the statements return it. */
export interface ChangeRow {
  readonly revision: number;
  readonly key: string;
  readonly value: string;
  readonly created: number;
  readonly deleted: number;
  readonly previousValue: string | null;
}

export interface EntryRow {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}
