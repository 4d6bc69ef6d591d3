/** An authority without user information: a host and perhaps a port (RFC 9110 §7.2, RFC 3986 §3.2). */
import { COLON, HOST } from './octets.ts';

const OPENING = 91;
const CLOSING = 93;
const DOT = 46;
const MAX_PORT = 65_535;
const PORT_DIGITS = 5;

/** Whether `bytes[start, end)` is an authority; nothing at all is one, as RFC 9112 §3.2 wants it of a target without. */
export function isAuthority(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end) return true;
  let p = start;
  if (bytes[p] === OPENING) p = endOfAddress(bytes, start, end);
  else while (p < end && HOST[bytes[p]!] === 1) p++;
  if (p === start) return false;
  return p === end || (bytes[p] === COLON && isPort(bytes, p + 1, end));
}

/** The offset after the IPv6 address in brackets at `start`, or `start` when there is none. */
function endOfAddress(bytes: Uint8Array, start: number, end: number): number {
  let colons = 0;
  for (let p = start + 1; p < end; p++) {
    const octet = bytes[p]!;
    if (octet === CLOSING) return colons >= 2 ? p + 1 : start;
    if (octet === COLON) colons++;
    else if (octet !== DOT && !isHexDigit(octet)) return start;
  }
  return start;
}

function isHexDigit(octet: number): boolean {
  const letter = octet | 32;
  return (octet >= 48 && octet <= 57) || (letter >= 97 && letter <= 102);
}

function isPort(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > PORT_DIGITS) return false;
  let port = 0;
  for (let p = start; p < end; p++) {
    const digit = bytes[p]! - 48;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
  }
  return port <= MAX_PORT;
}
