/** The line that tells an upstream how long its answer is waited for: `x-envoy-expected-rq-timeout-ms`. */
import { octets, putAll } from './octets.ts';

const NAME = octets('x-envoy-expected-rq-timeout-ms: ');
const UNLIMITED = octets('999999999');
const DIGITS = UNLIMITED.length;
const END = octets('\r\n\r\n');
const EMPTY_LINE_BYTES = 2;
const SP = 32;
const ZERO = 48;

/** Bytes that the line adds to a head. */
export const DEADLINE_LINE_BYTES: number = NAME.length + DIGITS + 2;

/** Puts the line, with no limit to speak of yet, behind the last one of a head of `headLength` bytes. Returns the new length. */
export function putDeadlineLine(out: Buffer, headLength: number): number {
  const at = putAll(out, headLength - EMPTY_LINE_BYTES, NAME);
  return putAll(out, putAll(out, at, UNLIMITED), END);
}

/** Where the number stands in a head of `headLength` bytes whose last line it is. */
export function deadlineOffset(headLength: number): number {
  return headLength - END.length - DIGITS;
}

/** Writes the number, right-justified: white space in front of a value means nothing. */
export function putDeadline(out: Buffer, at: number, ms: number): void {
  let left = Math.min(ms, 10 ** DIGITS - 1);
  for (let p = at + DIGITS - 1; p >= at; p--) {
    out[p] = left > 0 || p === at + DIGITS - 1 ? ZERO + (left % 10) : SP;
    left = Math.floor(left / 10);
  }
}
