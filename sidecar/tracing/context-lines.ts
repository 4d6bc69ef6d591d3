import { type Head, NO_LINE } from '#sidecar/http/head.ts';
import { isToken, octets } from '#sidecar/http/octets.ts';
import type { B3Lines } from './b3.ts';

const NAME = {
  b3: octets('b3'),
  tracestate: octets('tracestate'),
  b3Flags: octets('x-b3-flags'),
  traceparent: octets('traceparent'),
  b3SpanId: octets('x-b3-spanid'),
  b3TraceId: octets('x-b3-traceid'),
  b3Sampled: octets('x-b3-sampled'),
  b3ParentSpanId: octets('x-b3-parentspanid'),
  clientTraceId: octets('x-client-trace-id'),
};

/** 1 for the lengths of these names: other lines need no look. */
const MEANT = new Uint8Array(64);
for (const { length } of Object.values(NAME)) MEANT[length] = 1;

/** The lines of a head that say where in a trace a request stands. Reused from head to head. */
export class ContextLines implements B3Lines {
  /** Lines of any context. */
  count = 0;
  traceparent: number = NO_LINE;
  /** How many lines of that name there are. */
  traceparents = 0;
  readonly tracestates: number[] = [];
  b3: number = NO_LINE;
  traceId: number = NO_LINE;
  spanId: number = NO_LINE;
  parentSpanId: number = NO_LINE;
  sampled: number = NO_LINE;
  flags: number = NO_LINE;
  /** How many lines of B3 there are in either shape. */
  b3Singles = 0;
  b3Parts = 0;
  b3PartTwice = false;
  clientTraceId = false;

  /** Finds them; lines that stay on this hop are none. */
  find(bytes: Buffer, head: Head): void {
    this.#reset();
    for (let line = 0; line < head.lines; line++) {
      const start = head.nameStart[line]!;
      const length = head.nameEnd[line]! - start;
      if (length >= MEANT.length || MEANT[length] === 0 || head.cut[line] === 1) continue;
      this.#look(bytes, start, length, line);
    }
  }

  /** Takes all of them out of the head. */
  cutAll(bytes: Buffer, head: Head): void {
    this.cutW3C(bytes, head);
    this.cutSingle(bytes, head);
    this.cutParts(bytes, head);
  }

  cutW3C(bytes: Buffer, head: Head): void {
    cut(bytes, head, NAME.traceparent);
    this.cutTracestate(bytes, head);
  }

  cutTracestate(bytes: Buffer, head: Head): void {
    cut(bytes, head, NAME.tracestate);
  }

  cutSingle(bytes: Buffer, head: Head): void {
    if (this.b3Singles > 0) cut(bytes, head, NAME.b3);
  }

  cutParts(bytes: Buffer, head: Head): void {
    if (this.b3Parts === 0) return;
    this.cutPartIds(bytes, head);
    for (const name of [NAME.b3Sampled, NAME.b3Flags]) cut(bytes, head, name);
  }

  cutPartIds(bytes: Buffer, head: Head): void {
    for (const name of [NAME.b3TraceId, NAME.b3SpanId, NAME.b3ParentSpanId]) cut(bytes, head, name);
  }

  #look(bytes: Buffer, at: number, length: number, line: number): void {
    switch (length) {
      case 2:
        if (isToken(bytes, at, NAME.b3)) {
          this.count += 1;
          this.b3 = line;
          this.b3Singles += 1;
        }
        return;
      case 10:
        if (isToken(bytes, at, NAME.tracestate)) {
          this.count += 1;
          this.tracestates.push(line);
        } else if (isToken(bytes, at, NAME.b3Flags)) this.flags = this.#part(this.flags, line);
        return;
      case 11:
        if (isToken(bytes, at, NAME.traceparent)) {
          this.count += 1;
          this.traceparent = line;
          this.traceparents += 1;
        } else if (isToken(bytes, at, NAME.b3SpanId)) this.spanId = this.#part(this.spanId, line);
        return;
      case 12:
        if (isToken(bytes, at, NAME.b3TraceId)) this.traceId = this.#part(this.traceId, line);
        else if (isToken(bytes, at, NAME.b3Sampled)) this.sampled = this.#part(this.sampled, line);
        return;
      case 17:
        if (isToken(bytes, at, NAME.b3ParentSpanId)) this.parentSpanId = this.#part(this.parentSpanId, line);
        else if (isToken(bytes, at, NAME.clientTraceId)) this.clientTraceId = true;
    }
  }

  #part(before: number, line: number): number {
    this.count += 1;
    this.b3Parts += 1;
    if (before !== NO_LINE) this.b3PartTwice = true;
    return line;
  }

  #reset(): void {
    this.count = 0;
    this.traceparent = NO_LINE;
    this.traceparents = 0;
    if (this.tracestates.length > 0) this.tracestates.length = 0;
    this.b3 = NO_LINE;
    this.b3Singles = 0;
    this.traceId = NO_LINE;
    this.spanId = NO_LINE;
    this.parentSpanId = NO_LINE;
    this.sampled = NO_LINE;
    this.flags = NO_LINE;
    this.b3Parts = 0;
    this.b3PartTwice = false;
    this.clientTraceId = false;
  }
}

function cut(bytes: Buffer, head: Head, name: Uint8Array): void {
  for (let line = 0; line < head.lines; line++) {
    const start = head.nameStart[line]!;
    if (head.nameEnd[line]! - start === name.length && isToken(bytes, start, name)) head.cut[line] = 1;
  }
}
