/**
 * The Connection header (RFC 9110 §7.6.1): options of this hop, and names of header lines that must not travel further.
 * Nearly every value is one token, `close` or `keep-alive`; lists and nominations take the slower way.
 */
import { Fault } from './fault.ts';
import type { Head } from './head.ts';
import { NO_LINE } from './head.ts';
import { MAX_NOMINATIONS } from './limits.ts';
import { COMMA, equalsToken, HTAB, octets, SP, TOKEN } from './octets.ts';

const CONNECTION = octets('connection');
const CLOSE = octets('close');
const KEEP_ALIVE = octets('keep-alive');
const UPGRADE = octets('upgrade');

/**
 * Header lines that make the message what it is, or say who sends it: to call them hop-by-hop is an attack or a defect
 * (RFC 9110 §7.6.1). Envoy refuses those of the forwarding too.
 */
const NEVER_HOP_BY_HOP = [
  'authorization',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'forwarded',
  'host',
  'set-cookie',
  'transfer-encoding',
  'x-envoy-peer-metadata',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
].map(octets);

/**
 * Reads all Connection lines of a scanned head and cuts the lines that they name. Those lose their names too: no rule shall
 * see what the upstream does not get. Returns a fault, or undefined.
 */
export function scanConnection(bytes: Buffer, head: Head): number | undefined {
  if (head.connection === NO_LINE) return undefined;
  for (let line = 0; line < head.lines; line++) {
    if (head.cut[line] === 0) continue;
    if (!equalsToken(bytes, head.nameStart[line]!, head.nameEnd[line]!, CONNECTION)) continue;
    const fault = readOptions(bytes, head, head.valueStart[line]!, head.valueEnd[line]!);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function readOptions(bytes: Buffer, head: Head, start: number, end: number): number | undefined {
  let p = start;
  while (p < end) {
    const tokenStart = p;
    while (p < end && TOKEN[bytes[p]!] !== 0) p++;
    if (p > tokenStart) {
      const fault = readOption(bytes, head, tokenStart, p);
      if (fault !== undefined) return fault;
    }
    while (p < end && (bytes[p] === SP || bytes[p] === HTAB)) p++;
    if (p < end && bytes[p++] !== COMMA) return Fault.connection;
    while (p < end && (bytes[p] === SP || bytes[p] === HTAB)) p++;
  }
  return undefined;
}

function readOption(bytes: Buffer, head: Head, start: number, end: number): number | undefined {
  if (equalsToken(bytes, start, end, CLOSE)) head.close = true;
  else if (equalsToken(bytes, start, end, KEEP_ALIVE)) head.keepAlive = true;
  else if (equalsToken(bytes, start, end, UPGRADE)) head.upgrade = true;
  else return cutNominated(bytes, head, bytes.subarray(start, end));
  return undefined;
}

function cutNominated(bytes: Buffer, head: Head, nominated: Uint8Array): number | undefined {
  head.nominations += 1;
  if (head.nominations > MAX_NOMINATIONS) return Fault.tooManyOptions;
  const name = nominated.map((octet) => TOKEN[octet]!);
  if (NEVER_HOP_BY_HOP.some((kept) => equalsToken(name, 0, name.length, kept))) return Fault.connection;
  if (equalsToken(name, 0, name.length, CONNECTION)) return undefined;
  for (let line = 0; line < head.lines; line++) {
    if (!equalsToken(bytes, head.nameStart[line]!, head.nameEnd[line]!, name)) continue;
    head.cut[line] = 1;
    head.nameEnd[line] = head.nameStart[line]!;
  }
  return undefined;
}
