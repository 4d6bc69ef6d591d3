import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { WeftError } from '#api/foundation/errors.ts';
import { MAX_DATA_LENGTH } from '#sidecar/discovery/accept-data-source.ts';

/** Reads a certificate, a key or authorities. Throws when it is no file, or longer than any of these. */
export function readDataFile(path: string): string {
  const file = openSync(path, 'r');
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new WeftError('DataFileInvalid', `${path} is not a file`);
    if (stat.size > MAX_DATA_LENGTH) throw new WeftError('DataFileInvalid', `${path} is too long`);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
