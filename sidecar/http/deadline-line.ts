/** The line that tells an upstream how long its answer is waited for: `x-envoy-expected-rq-timeout-ms`. */
import { put } from './octets.ts';

const DIGITS = 9;
const END_BYTES = '\r\n\r\n'.length;
const EMPTY_LINE_BYTES = '\r\n'.length;
/** With the end of the head. */
const LINE = Buffer.from(`x-envoy-expected-rq-timeout-ms: ${'9'.repeat(DIGITS)}\r\n\r\n`);
const SP = 32;
const ZERO = 48;

/** Bytes that the line adds to a head. */
export const DEADLINE_LINE_BYTES: number = LINE.length - EMPTY_LINE_BYTES;

/** Puts the line, with no limit to speak of yet, behind the last one of a head of `headLength` bytes. Returns the new length. */
export function putDeadlineLine(out: Buffer, headLength: number): number {
  return put(out, headLength - EMPTY_LINE_BYTES, LINE, 0, LINE.length);
}

/** Where the number stands in a head of `headLength` bytes whose last line it is. */
export function deadlineOffset(headLength: number): number {
  return headLength - END_BYTES - DIGITS;
}

/** Writes the number, right-justified: white space in front of a value means nothing. */
export function putDeadline(out: Buffer, at: number, ms: number): void {
  let left = Math.min(ms, 10 ** DIGITS - 1);
  for (let p = at + DIGITS - 1; p >= at; p--) {
    out[p] = left > 0 || p === at + DIGITS - 1 ? ZERO + (left % 10) : SP;
    left = Math.floor(left / 10);
  }
}
