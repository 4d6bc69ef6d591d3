/**
 * Who is signed in, kept in a signed cookie. Any name is let in, with any password: the sample shows routing by
 * user, not authentication. The key lives as long as the process, so a new pod signs everybody out.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const KEY = process.env['SESSION_KEY'] ?? randomBytes(32);
const MAX_NAME = 64;

function seal(name: string): string {
  return createHmac('sha256', KEY).update(name).digest('base64url');
}

function cookieOf(headers: IncomingHttpHeaders): string | undefined {
  const cookies = (headers.cookie ?? '').split(/;\s*/);
  return cookies.find((cookie) => cookie.startsWith('session='))?.slice('session='.length);
}

/** The name of who is signed in, or undefined. A cookie that this process did not make counts for nothing. */
export function sessionUser(headers: IncomingHttpHeaders): string | undefined {
  const [encoded = '', given = ''] = (cookieOf(headers) ?? '').split('.');
  const name = Buffer.from(encoded, 'base64url').toString('utf8');
  const wanted = Buffer.from(seal(name));
  const seen = Buffer.from(given);
  return name !== '' && wanted.length === seen.length && timingSafeEqual(wanted, seen) ? name : undefined;
}

/** The Set-Cookie value that signs `name` in; only characters that may stand in a header are kept. */
export function signedIn(name: string): string {
  const kept = name.replace(/[^\x21-\x7e]/g, '').slice(0, MAX_NAME);
  if (kept === '') return signedOut();
  return `session=${Buffer.from(kept).toString('base64url')}.${seal(kept)}; Path=/; HttpOnly; SameSite=Lax`;
}

export function signedOut(): string {
  return 'session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0';
}
