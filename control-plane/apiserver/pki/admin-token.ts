import { randomBytes } from 'node:crypto';
import { WeftError } from '#api/foundation/errors.ts';
import { readIfThere, writeWhole } from './private-files.ts';

const TOKEN_BYTES = 32;

/** The administrator's bearer token, made at the first start. Throws a WeftError `TokenUnusable`. */
export function ensureAdminToken(path: string): string {
  const known = readIfThere(path)?.trim();
  if (known === undefined) {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    writeWhole(path, `${token}\n`, 0o600);
    return token;
  }
  if (/^[\w-]{32,}$/.test(known)) return known;
  throw new WeftError('TokenUnusable', `${path} does not hold a token of 32 or more letters and digits`, {
    remedy: 'remove the file; a new token is made at the next start',
  });
}
