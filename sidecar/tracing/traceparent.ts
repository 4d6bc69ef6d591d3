/**
 * `traceparent` (W3C Trace Context): `00-TRACE-SPAN-FLAGS`. A version above is read as far as it must agree with this one
 * ("Versioning of traceparent"). Flags are those of Level 2: sampled, and that the trace id is random.
 */
import { hexOctet, isHex, isId } from './hex-ids.ts';

export const SAMPLED = 1;
export const RANDOM = 2;
/** Offsets within the value. */
export const TRACE_AT = 3;
export const SPAN_AT = 36;
const FLAGS_AT = 53;
const LENGTH = 55;

const HYPHEN = 45;
const FORBIDDEN_VERSION = 255;

/** The flags that are known, or -1 for a value that is no traceparent. */
export function readTraceparent(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length < LENGTH || !isHex(bytes, start, start + 2)) return -1;
  const version = hexOctet(bytes, start);
  if (version === FORBIDDEN_VERSION) return -1;
  if (version === 0 ? length > LENGTH : length > LENGTH && bytes[start + LENGTH] !== HYPHEN) return -1;
  const trace = start + TRACE_AT;
  const span = start + SPAN_AT;
  const flags = start + FLAGS_AT;
  if (bytes[trace - 1] !== HYPHEN || bytes[span - 1] !== HYPHEN || bytes[flags - 1] !== HYPHEN) return -1;
  if (!isId(bytes, trace, span - 1) || !isId(bytes, span, flags - 1)) return -1;
  if (!isHex(bytes, flags, flags + 2)) return -1;
  return hexOctet(bytes, flags) & (SAMPLED | RANDOM);
}
