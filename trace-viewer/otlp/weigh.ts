/**
 * Looks over a request before it is decoded. Two bytes make an empty span, which as an object takes hundreds: a request of a
 * few megabytes could take gigabytes, and values nested in values could exhaust the stack. So messages are counted on the
 * wire first, without making any.
 */
import { WeftError } from '#api/foundation/errors.ts';

/** Fields of a message that are messages themselves, by number. */
interface Shape {
  readonly [field: number]: () => Shape;
}

const leaf = (): Shape => LEAF;
const LEAF: Shape = {};
const VALUE: Shape = { 5: () => VALUES, 6: () => PAIRS };
const VALUES: Shape = { 1: () => VALUE };
const PAIR: Shape = { 2: () => VALUE };
const PAIRS: Shape = { 1: () => PAIR };
const pair = (): Shape => PAIR;
const EVENT: Shape = { 3: pair };
const LINK: Shape = { 4: pair };
const SPAN: Shape = { 9: pair, 11: () => EVENT, 13: () => LINK, 15: leaf };
const SCOPE_SPANS: Shape = { 1: leaf, 2: () => SPAN };
const RESOURCE: Shape = { 1: pair };
const RESOURCE_SPANS: Shape = { 1: () => RESOURCE, 2: () => SCOPE_SPANS, 1000: () => SCOPE_SPANS };
/** opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest */
const REQUEST: Shape = { 1: () => RESOURCE_SPANS };

export interface Weight {
  readonly messages: number;
  readonly spans: number;
}

/** Throws a WeftError `RequestInvalid` for what is no protobuf, or has more messages or depth than is allowed. */
export function weigh(
  bytes: Uint8Array,
  limits: { readonly messages: number; readonly depth: number },
): Weight {
  let messages = 0;
  let spans = 0;
  let at = 0;

  const varint = (end: number): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) throw invalid('it breaks off');
      const byte = bytes[at++]!;
      if (shift < 49) value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw invalid('a number has more than ten bytes');
  };

  const walk = (shape: Shape, end: number, depth: number): void => {
    if (depth > limits.depth) throw invalid(`values are nested more than ${limits.depth} deep`);
    while (at < end) {
      const key = varint(end);
      const field = Math.floor(key / 8);
      const wire = key % 8;
      if (wire === 0) varint(end);
      else if (wire === 1) at += 8;
      else if (wire === 5) at += 4;
      else if (wire === 2) {
        const length = varint(end);
        const stop = at + length;
        if (stop > end) throw invalid('it breaks off');
        const inner = shape[field]?.();
        if (inner === undefined) at = stop;
        else {
          if (++messages > limits.messages) throw invalid(`it has more than ${limits.messages} messages`);
          if (inner === SPAN) spans += 1;
          walk(inner, stop, depth + 1);
        }
      } else throw invalid(`wire type ${wire} is not known`);
      if (at > end) throw invalid('it breaks off');
    }
  };
  walk(REQUEST, bytes.length, 0);
  return { messages, spans };
}

function invalid(what: string): WeftError {
  return new WeftError('RequestInvalid', `not an OTLP request: ${what}`);
}
