/**
 * Whether a request is recorded of which nobody has decided yet. As in Envoy the digits of its x-request-id decide, where it
 * has one: hops that lost the context of a request decide alike. The first hundredths of a percent are Envoy's own; what
 * remains of the number tells finer shares apart.
 *
 * Envoy also packs the decision into the fourteenth digit of the id. This proxy leaves ids as they are: an id is not only for
 * tracing, the decision travels in the context, and a caller could have any request recorded by a digit.
 */
import type { Random } from '#api/foundation/random.ts';
import { type Head, NO_LINE } from '#sidecar/http/head.ts';
import { hexDigit } from './hex-ids.ts';

export const ALL = 1_000_000;
/** Envoy's precision. */
const TEN_THOUSAND = 10_000;
const FINER = ALL / TEN_THOUSAND;
const DIGITS = 8;

export function isDrawn(bytes: Buffer, head: Head, share: number, random: Random): boolean {
  if (share >= ALL) return true;
  if (share <= 0) return false;
  const line = head.requestId;
  const lot =
    line === NO_LINE || head.cut[line] === 1
      ? -1
      : lotOf(bytes, head.valueStart[line]!, head.valueEnd[line]!);
  return (lot < 0 ? random() * ALL : lot) < share;
}

/** A number below `ALL` that the first digits of an id make; -1 when they are none. */
export function lotOf(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < DIGITS) return -1;
  let value = 0;
  for (let i = start; i < start + DIGITS; i++) {
    const digit = hexDigit(bytes[i]!);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return (value % TEN_THOUSAND) * FINER + (Math.floor(value / TEN_THOUSAND) % FINER);
}
