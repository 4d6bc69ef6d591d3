/** The identifiers that a request gets on its way when it has none: unique, not secret, so a cheap source is enough. */
import type { Random } from '#api/foundation/random.ts';
import { octets, putAll } from './octets.ts';

/** The two hexadecimal digits of each octet. */
const HEX_HIGH = octets(Array.from({ length: 256 }, (_, i) => (i >> 4).toString(16)).join(''));
const HEX_LOW = octets(Array.from({ length: 256 }, (_, i) => (i & 15).toString(16)).join(''));
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
  const bits = random() * 0x1_0000_0000;
  return putHex16(out, putHex16(out, at, bits >>> 16), bits & 0xffff);
}

/** Eight hexadecimal digits as `xxxx-xxxx`. */
function putHexGroups(out: Buffer, at: number, random: Random): number {
  const bits = random() * 0x1_0000_0000;
  const p = putHex16(out, at, bits >>> 16);
  out[p] = HYPHEN;
  return putHex16(out, p + 1, bits & 0xffff);
}

function putHex16(out: Buffer, at: number, bits: number): number {
  out[at] = HEX_HIGH[bits >>> 8]!;
  out[at + 1] = HEX_LOW[bits >>> 8]!;
  out[at + 2] = HEX_HIGH[bits & 255]!;
  out[at + 3] = HEX_LOW[bits & 255]!;
  return at + 4;
}
