/** The lines that name a span as the parent of what the receiver does, in each format that the request came with. */
import { put } from '#sidecar/http/octets.ts';
import { SPAN_DIGITS, TRACE_DIGITS } from './hex-ids.ts';

export interface OutgoingContext {
  readonly traceId: string;
  /** Of the traceparent. */
  readonly flags: number;
  /** '' when there is none. */
  readonly tracestate: string;
  /** B3's decision that everybody has to follow. */
  readonly debug: boolean;
  /** The parent of the span that is named; '' when there is none. B3 tells it. */
  readonly parentSpanId: string;
  readonly b3Single: boolean;
  readonly b3Parts: boolean;
}

/** A context of several lines is told whole or not at all. */
const B3_PARTS = ['x-b3-traceid', 'x-b3-spanid', 'x-b3-parentspanid', 'x-b3-sampled', 'x-b3-flags'];

/** The same without the formats whose lines a rule decides on. */
export function withoutGoverned(
  context: OutgoingContext,
  governs: (name: string) => boolean,
): OutgoingContext {
  return {
    ...context,
    tracestate: governs('tracestate') ? '' : context.tracestate,
    b3Single: context.b3Single && !governs('b3'),
    b3Parts: context.b3Parts && !B3_PARTS.some(governs),
  };
}

const NO_HIGH_DIGITS = '0'.repeat(TRACE_DIGITS / 2);

export class OutgoingLines {
  readonly bytes: Buffer;
  /** Where the span's id stands. */
  readonly #spanAt: readonly number[];
  /** Where its parent's does. */
  readonly #parentAt: readonly number[];

  constructor(context: OutgoingContext, spanId: string) {
    const { traceId, flags, tracestate, debug, parentSpanId, b3Single, b3Parts } = context;
    const spanAt: number[] = [];
    const parentAt: number[] = [];
    let text = `traceparent: 00-${traceId}-`;
    const write = (id: string, offsets: number[]): void => {
      offsets.push(text.length);
      text += id;
    };
    write(spanId, spanAt);
    text += `-${flags.toString(16).padStart(2, '0')}\r\n`;
    if (tracestate !== '') text += `tracestate: ${tracestate}\r\n`;
    if (b3Single) {
      text += `b3: ${b3TraceId(traceId)}-`;
      write(spanId, spanAt);
      text += debug ? '-d' : '-1';
      if (parentSpanId !== '') {
        text += '-';
        write(parentSpanId, parentAt);
      }
      text += '\r\n';
    }
    if (b3Parts) {
      text += `x-b3-traceid: ${b3TraceId(traceId)}\r\nx-b3-spanid: `;
      write(spanId, spanAt);
      if (parentSpanId !== '') {
        text += '\r\nx-b3-parentspanid: ';
        write(parentSpanId, parentAt);
      }
      /** Debug implies that it is sampled, and is said alone. */
      text += debug ? '\r\nx-b3-flags: 1\r\n' : '\r\nx-b3-sampled: 1\r\n';
    }
    this.bytes = Buffer.from(text, 'latin1');
    this.#spanAt = spanAt;
    this.#parentAt = parentAt;
  }

  /** Names another span in lines that stand in `out` at `at`. */
  stamp(out: Buffer, at: number, spanId: string): void {
    putEach(out, at, this.#spanAt, spanId);
  }

  /** Names another parent of it. */
  stampParent(out: Buffer, at: number, parentSpanId: string): void {
    putEach(out, at, this.#parentAt, parentSpanId);
  }
}

function putEach(out: Buffer, at: number, offsets: readonly number[], spanId: string): void {
  const id = Buffer.from(spanId, 'latin1');
  for (const offset of offsets) put(out, at + offset, id, 0, SPAN_DIGITS);
}

/** B3 pads short ids with zeros, and systems that know short ones only look for what they sent. */
function b3TraceId(traceId: string): string {
  return traceId.startsWith(NO_HIGH_DIGITS) ? traceId.slice(TRACE_DIGITS / 2) : traceId;
}
