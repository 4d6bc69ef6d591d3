import { type Head, NO_LINE } from './head.ts';
import { equalsToken, octets, sameOctets, TOKEN } from './octets.ts';

const HEAD = octets('HEAD');
const IDEMPOTENT = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'].map(octets);
/** Names of HTTP in an Upgrade header: `h2c`, and `HTTP/2.0` of its drafts. */
const HTTP_NAMES = ['h2c', 'http'].map(octets);

/** Methods are case-sensitive (RFC 9110 §9.1). */
export function isHeadRequest(bytes: Buffer, head: Head): boolean {
  return sameOctets(bytes, head.start, head.methodEnd, HEAD);
}

/** Doing it twice has the effect of doing it once (RFC 9110 §9.2.2). */
export function isIdempotent(bytes: Buffer, head: Head): boolean {
  for (const method of IDEMPOTENT) if (sameOctets(bytes, head.start, head.methodEnd, method)) return true;
  return false;
}

/**
 * Whether the request may become another protocol: it names one, says so in Connection, and is not of HTTP/1.0. HTTP is
 * held back, wherever it stands in the list: whatever it carried would pass by the routes unseen.
 */
export function passesUpgrade(bytes: Buffer, head: Head): boolean {
  const line = head.upgradeLine;
  if (line === NO_LINE || !head.upgrade || head.minor === 0) return false;
  return !namesHttp(bytes, head.valueStart[line]!, head.valueEnd[line]!);
}

function namesHttp(bytes: Buffer, start: number, end: number): boolean {
  for (let p = start; p < end; p++) {
    const tokenStart = p;
    while (p < end && TOKEN[bytes[p]!] !== 0) p++;
    for (const name of HTTP_NAMES) if (equalsToken(bytes, tokenStart, p, name)) return true;
  }
  return false;
}
