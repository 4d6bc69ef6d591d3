/** The identifiers that a request gets on its way when it has none: unique, not secret, so a cheap source is enough. */
import type { Random } from '#api/foundation/random.ts';
import { octets, putAll } from './octets.ts';

const HEX = octets('0123456789abcdef');
const HYPHEN = 45;
const VARIANTS = octets('89ab');

const REQUEST_ID = octets('x-request-id: ');
const TRACEPARENT = octets('traceparent: 00-');
/** Sampled: whether to record is for those who trace; with 0 they would not even as the root of a trace. */
const SAMPLED = octets('-01\r\n');
const CRLF = octets('\r\n');

/** Bytes that both lines take at most. */
export const REQUEST_IDS_BYTES = 128;

/** `x-request-id: UUID` (version 4), as Envoy makes it. */
export function putRequestId(out: Buffer, at: number, random: Random): number {
  let p = putAll(out, at, REQUEST_ID);
  const uuid = p;
  p = putHex(out, p, random);
  out[p++] = HYPHEN;
  p = putHexGroups(out, p, random);
  out[p++] = HYPHEN;
  p = putHexGroups(out, p, random);
  p = putHex(out, p, random);
  out[uuid + 14] = 52;
  out[uuid + 19] = VARIANTS[(random() * 4) | 0]!;
  return putAll(out, p, CRLF);
}

/** `traceparent: 00-TRACE-SPAN-01`, W3C Trace Context. */
export function putTraceparent(out: Buffer, at: number, random: Random): number {
  let p = putAll(out, at, TRACEPARENT);
  for (let i = 0; i < 4; i++) p = putHex(out, p, random);
  out[p++] = HYPHEN;
  p = putHex(out, putHex(out, p, random), random);
  return putAll(out, p, SAMPLED);
}

/** Eight hexadecimal digits. */
function putHex(out: Buffer, at: number, random: Random): number {
  let bits = (random() * 0x1_0000_0000) | 0;
  for (let i = 0; i < 8; i++) {
    out[at + i] = HEX[bits & 15]!;
    bits >>>= 4;
  }
  return at + 8;
}

/** Eight hexadecimal digits as `xxxx-xxxx`. */
function putHexGroups(out: Buffer, at: number, random: Random): number {
  putHex(out, at, random);
  out.copyWithin(at + 5, at + 4, at + 8);
  out[at + 4] = HYPHEN;
  return at + 9;
}
