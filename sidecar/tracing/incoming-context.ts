/**
 * The context that a request came with. W3C Trace Context goes before B3's one line, and that before its several: the first
 * that can be read is believed. What contradicts it, or cannot be read, does not go on, so that whoever comes next finds
 * the same whichever of them it reads.
 */
import type { Head } from '#sidecar/http/head.ts';
import { B3Context, type Decision, readB3Multi, readB3Single } from './b3.ts';
import { ContextLines } from './context-lines.ts';
import { SPAN_DIGITS, TRACE_DIGITS } from './hex-ids.ts';
import { RANDOM, readTraceparent, SAMPLED, SPAN_AT, TRACE_AT } from './traceparent.ts';
import { countMembers, joinTracestate, MAX_MEMBERS } from './tracestate.ts';

/** Lines of tracestate that are looked at: a client could send one for each member. */
const MAX_TRACESTATE_LINES = MAX_MEMBERS;

/** Reused from head to head; offsets are into the bytes of the head that was read last. */
export class IncomingContext {
  readonly lines: ContextLines = new ContextLines();
  source: 'none' | 'w3c' | 'b3' = 'none';
  decision: Decision = 'undecided';
  /** Of a traceparent: whether the trace's id is random. */
  #random = 0;
  #traceStart = 0;
  #traceEnd = 0;
  #spanStart = 0;
  readonly #single = new B3Context();
  readonly #parts = new B3Context();
  #singleSound = false;
  #partsSound = false;

  read(bytes: Buffer, head: Head): void {
    this.source = 'none';
    this.decision = 'undecided';
    this.#random = 0;
    this.#traceEnd = this.#traceStart;
    this.#singleSound = false;
    this.#partsSound = false;
    const { lines } = this;
    lines.find(bytes, head);
    if (lines.count === 0) return;
    this.#readW3C(bytes, head);
    if (lines.b3Singles > 0) this.#readSingle(bytes, head);
    if (lines.b3Parts > 0) this.#readParts(bytes, head);
  }

  get hasIds(): boolean {
    return this.#traceEnd > this.#traceStart;
  }

  /** 32 digits, those of a shorter id with zeros in front; '' when there is none. */
  traceId(bytes: Buffer): string {
    if (!this.hasIds) return '';
    return bytes.toString('latin1', this.#traceStart, this.#traceEnd).padStart(TRACE_DIGITS, '0');
  }

  /** The caller's span; '' when there is none. */
  parentSpanId(bytes: Buffer): string {
    return this.hasIds ? bytes.toString('latin1', this.#spanStart, this.#spanStart + SPAN_DIGITS) : '';
  }

  /** Flags of the trace beside `SAMPLED`. */
  get random(): number {
    return this.#random;
  }

  /** One line's value; '' when there is none that may go on. */
  tracestate(bytes: Buffer, head: Head): string {
    if (!this.#hasSoundTracestate(bytes, head)) return '';
    return joinTracestate(
      this.lines.tracestates.map((line) =>
        bytes.toString('latin1', head.valueStart[line]!, head.valueEnd[line]!),
      ),
    );
  }

  /** The request is not recorded: only the lines that are sound and agree go on as they are. */
  passOn(bytes: Buffer, head: Head): void {
    const { lines } = this;
    if (lines.count === 0) return;
    if (this.source !== 'w3c') lines.cutW3C(bytes, head);
    else if (lines.tracestates.length > 0 && !this.#hasSoundTracestate(bytes, head)) {
      lines.cutTracestate(bytes, head);
    }
    const single = this.#singleSound && this.#agrees(bytes, this.#single);
    const parts = this.#partsSound && this.#agrees(bytes, this.#parts);
    if (!single) lines.cutSingle(bytes, head);
    if (!parts) lines.cutParts(bytes, head);
    /** One more context would contradict the one that is there. */
    if (this.source === 'b3' && this.hasIds) {
      if (single) head.traceparent = lines.b3;
      else if (parts) head.traceparent = lines.traceId;
    }
  }

  #readW3C(bytes: Buffer, head: Head): void {
    const { traceparent, traceparents } = this.lines;
    if (traceparents !== 1) return;
    const start = head.valueStart[traceparent]!;
    const flags = readTraceparent(bytes, start, head.valueEnd[traceparent]!);
    if (flags < 0) return;
    this.source = 'w3c';
    this.decision = (flags & SAMPLED) === 0 ? 'no' : 'yes';
    this.#random = flags & RANDOM;
    this.#traceStart = start + TRACE_AT;
    this.#traceEnd = this.#traceStart + TRACE_DIGITS;
    this.#spanStart = start + SPAN_AT;
  }

  #readSingle(bytes: Buffer, head: Head): void {
    const { b3, b3Singles } = this.lines;
    const context = this.#single;
    this.#singleSound =
      b3Singles === 1 && readB3Single(bytes, head.valueStart[b3]!, head.valueEnd[b3]!, context);
    if (this.#singleSound) this.#believe(context);
  }

  #readParts(bytes: Buffer, head: Head): void {
    const { lines } = this;
    const context = this.#parts;
    this.#partsSound = !lines.b3PartTwice && readB3Multi(bytes, head, lines, context);
    if (!lines.b3PartTwice) this.#believe(context);
  }

  #believe(context: B3Context): void {
    if (this.source !== 'none' || context.empty) return;
    this.source = 'b3';
    this.decision = context.decision;
    this.#traceStart = context.traceStart;
    this.#traceEnd = context.traceEnd;
    this.#spanStart = context.spanStart;
  }

  /** It leaves the same decision and the same trace to whoever reads it. */
  #agrees(bytes: Buffer, context: B3Context): boolean {
    if (context.decision !== this.decision) return false;
    if (!context.hasIds) return true;
    if (!this.hasIds) return false;
    const length = Math.min(context.traceEnd - context.traceStart, this.#traceEnd - this.#traceStart);
    for (let i = 1; i <= length; i++) {
      if (bytes[context.traceEnd - i] !== bytes[this.#traceEnd - i]) return false;
    }
    return true;
  }

  #hasSoundTracestate(bytes: Buffer, head: Head): boolean {
    const { tracestates } = this.lines;
    if (this.source !== 'w3c' || tracestates.length === 0 || tracestates.length > MAX_TRACESTATE_LINES) {
      return false;
    }
    let members = 0;
    for (const line of tracestates) {
      const count = countMembers(bytes, head.valueStart[line]!, head.valueEnd[line]!);
      if (count < 0) return false;
      members += count;
    }
    return members <= MAX_MEMBERS;
  }
}
