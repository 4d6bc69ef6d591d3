import { codeOf, messageOf, WeftError } from '#api/foundation/errors.ts';

/** SQLite's primary result codes that have a meaning of their own here (sqlite.org/rescode.html). */
const BUSY = 5;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

/** The file cannot be trusted: `StoreCorrupt`. Nothing of it is changed. */
export function corrupt(path: string, what: string, cause?: unknown): WeftError {
  return new WeftError('StoreCorrupt', `the store ${path} is damaged: ${what}`, {
    remedy: `nothing was changed; restore ${path} from a copy, or move it and its -wal file away and start with an empty mesh`,
    cause,
  });
}

function unreadable(path: string, cause: unknown): WeftError {
  return new WeftError('StoreUnreadable', `the store ${path} cannot be opened: ${messageOf(cause)}`, {
    remedy: 'check that its directory exists and that this user may read and write it',
    cause,
  });
}

/** SQLite's failure as one of the store's: `StoreFull`, `StoreCorrupt`, `StoreInUse`, `StoreUnreadable` or `StoreFailed`. */
export function storeError(path: string, error: unknown): WeftError {
  if (error instanceof WeftError) return error;
  if (['ENOENT', 'EACCES', 'EISDIR', 'EROFS'].includes(codeOf(error) ?? '')) return unreadable(path, error);
  switch (resultCode(error)) {
    case FULL:
      return new WeftError('StoreFull', `no space is left for the store ${path}; the change was not made`, {
        remedy: 'free space on that disk, then try again',
        cause: error,
      });
    case CORRUPT:
    case NOTADB:
      return corrupt(path, messageOf(error), error);
    case BUSY:
      return new WeftError('StoreInUse', `the store ${path} is in use by another process`, {
        remedy: 'stop the other control plane (weft down), or give this one another data directory',
        cause: error,
      });
    case READONLY:
    case CANTOPEN:
      return unreadable(path, error);
    case IOERR:
      return new WeftError('StoreFailed', `the disk failed under the store ${path}: ${messageOf(error)}`, {
        remedy: 'look at the kernel log (dmesg) for the disk, then try again',
        cause: error,
      });
    default:
      return new WeftError('StoreFailed', `the store ${path} failed: ${messageOf(error)}`, { cause: error });
  }
}
