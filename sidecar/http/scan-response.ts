/** The head of a response (RFC 9112 §4). */
import { Fault } from './fault.ts';
import type { Head } from './head.ts';
import { CR, FIELD, LF, octets, SP } from './octets.ts';
import { scanFields } from './scan-fields.ts';

const HTTP_1 = octets('HTTP/1.');
/** `HTTP/1.1 200`; the space after it may be missing when there is no reason phrase. */
const STATUS_BYTES = 12;

/**
 * Scans `bytes[at, end)` as a response head into `head`: the offset after it, 0 when it is not complete, or a fault, which is
 * the same however the head is cut into reads.
 */
export function scanResponse(bytes: Buffer, at: number, end: number, head: Head): number {
  head.reset(at);
  const limit = Math.min(end, at + head.maxBytes);
  const line = scanStatusLine(bytes, at, limit, head);
  const result = line > 0 ? scanFields(bytes, line, limit, head) : line;
  return result === 0 && end > limit ? Fault.headTooLong : result;
}

function scanStatusLine(bytes: Buffer, at: number, end: number, head: Head): number {
  const known = Math.min(HTTP_1.length, end - at);
  for (let i = 0; i < known; i++) if (bytes[at + i] !== HTTP_1[i]) return Fault.statusLine;
  if (end - at < STATUS_BYTES) return 0;
  const minor = bytes[at + 7]! - 48;
  if ((minor !== 0 && minor !== 1) || bytes[at + 8] !== SP) return Fault.statusLine;
  head.minor = minor;
  head.status = readStatus(bytes, at + 9);
  if (head.status < 100) return Fault.statusLine;
  let p = at + STATUS_BYTES;
  if (p < end && bytes[p] !== SP && bytes[p] !== CR) return Fault.statusLine;
  while (p < end && FIELD[bytes[p]!] === 1) p++;
  if (p + 1 >= end) return p < end && bytes[p] !== CR ? Fault.statusLine : 0;
  return bytes[p] === CR && bytes[p + 1] === LF ? p + 2 : Fault.statusLine;
}

/** Three digits, 100 to 999; 0 for anything else. */
function readStatus(bytes: Buffer, at: number): number {
  let status = 0;
  for (let i = at; i < at + 3; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return 0;
    status = status * 10 + digit;
  }
  return status;
}
