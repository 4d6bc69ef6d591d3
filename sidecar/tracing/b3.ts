/**
 * B3 (Zipkin's context) in its two shapes: one line `b3: TRACE-SPAN-STATE-PARENT`, or a line for each part. A decision may
 * travel without identifiers, and identifiers without a decision. Debug is a decision that everybody has to follow.
 */
import type { Head } from '#sidecar/http/head.ts';
import { isToken, octets } from '#sidecar/http/octets.ts';
import { isId, SPAN_DIGITS, TRACE_DIGITS } from './hex-ids.ts';

export type Decision = 'undecided' | 'no' | 'yes' | 'debug';

const SHORT_TRACE_DIGITS = 16;
const HYPHEN = 45;
const TRUE = octets('true');
const FALSE = octets('false');

/** A context of B3, as offsets into a head's bytes. Reused from head to head. */
export class B3Context {
  decision: Decision = 'undecided';
  /** Of the trace's id, 16 or 32 digits; empty when there is none. */
  traceStart = 0;
  traceEnd = 0;
  spanStart = 0;

  get hasIds(): boolean {
    return this.traceEnd > this.traceStart;
  }

  /** It says nothing at all. */
  get empty(): boolean {
    return !this.hasIds && this.decision === 'undecided';
  }

  reset(): void {
    this.decision = 'undecided';
    this.traceStart = 0;
    this.traceEnd = 0;
    this.spanStart = 0;
  }
}

/** Reads the value of `b3`; false, and nothing read, when it is malformed. */
export function readB3Single(bytes: Uint8Array, start: number, end: number, into: B3Context): boolean {
  into.reset();
  if (end - start === 1) {
    into.decision = stateOf(bytes[start]!);
    return into.decision !== 'undecided';
  }
  const traceEnd = traceEndIn(bytes, start, end);
  const spanEnd = traceEnd + 1 + SPAN_DIGITS;
  if (traceEnd < 0 || spanEnd > end || !isId(bytes, traceEnd + 1, spanEnd)) return false;
  if (spanEnd < end) {
    if (bytes[spanEnd] !== HYPHEN) return false;
    const decision = spanEnd + 1 < end ? stateOf(bytes[spanEnd + 1]!) : 'undecided';
    if (decision === 'undecided' || !isRest(bytes, spanEnd + 2, end)) return false;
    into.decision = decision;
  }
  into.traceStart = start;
  into.traceEnd = traceEnd;
  into.spanStart = traceEnd + 1;
  return true;
}

/** The end of an identifier of a trace with its hyphen behind, or -1. */
function traceEndIn(bytes: Uint8Array, start: number, end: number): number {
  for (const digits of [TRACE_DIGITS, SHORT_TRACE_DIGITS]) {
    const traceEnd = start + digits;
    if (traceEnd < end && bytes[traceEnd] === HYPHEN && isId(bytes, start, traceEnd)) return traceEnd;
  }
  return -1;
}

/** Behind the state stands nothing, or the parent. */
function isRest(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end) return true;
  return bytes[start] === HYPHEN && end - start === 1 + SPAN_DIGITS && isId(bytes, start + 1, end);
}

function stateOf(octet: number): Decision {
  if (octet === 48) return 'no';
  if (octet === 49) return 'yes';
  return octet === 100 ? 'debug' : 'undecided';
}

/** The lines of the other shape; `NO_LINE` when absent. */
export interface B3Lines {
  readonly traceId: number;
  readonly spanId: number;
  readonly parentSpanId: number;
  readonly sampled: number;
  readonly flags: number;
}

/** Reads the lines; false when one of them is malformed. The decision is read even where the identifiers cannot be. */
export function readB3Multi(bytes: Uint8Array, head: Head, lines: B3Lines, into: B3Context): boolean {
  into.reset();
  const { traceId, spanId, parentSpanId, sampled, flags } = lines;
  let sound = true;
  if (sampled >= 0) {
    into.decision = sampledIn(bytes, head.valueStart[sampled]!, head.valueEnd[sampled]!);
    sound = into.decision !== 'undecided';
  }
  if (flags >= 0) {
    const start = head.valueStart[flags]!;
    const digit = head.valueEnd[flags]! - start === 1 ? bytes[start]! : 0;
    if (digit === 49) into.decision = 'debug';
    else if (digit !== 48) sound = false;
  }
  if (parentSpanId >= 0 && !isSpan(bytes, head, parentSpanId)) sound = false;
  if (traceId < 0 && spanId < 0) return sound && parentSpanId < 0;
  if (traceId < 0 || spanId < 0 || !isTrace(bytes, head, traceId) || !isSpan(bytes, head, spanId))
    return false;
  into.traceStart = head.valueStart[traceId]!;
  into.traceEnd = head.valueEnd[traceId]!;
  into.spanStart = head.valueStart[spanId]!;
  return sound;
}

function isTrace(bytes: Uint8Array, head: Head, line: number): boolean {
  const start = head.valueStart[line]!;
  const end = head.valueEnd[line]!;
  return (end - start === TRACE_DIGITS || end - start === SHORT_TRACE_DIGITS) && isId(bytes, start, end);
}

function isSpan(bytes: Uint8Array, head: Head, line: number): boolean {
  const start = head.valueStart[line]!;
  const end = head.valueEnd[line]!;
  return end - start === SPAN_DIGITS && isId(bytes, start, end);
}

/** `true` and `false` were sent before B3 was written down. */
function sampledIn(bytes: Uint8Array, start: number, end: number): Decision {
  if (end - start === 1) return stateOf(bytes[start]!);
  if (end - start === TRUE.length && isToken(bytes, start, TRUE)) return 'yes';
  return end - start === FALSE.length && isToken(bytes, start, FALSE) ? 'no' : 'undecided';
}
