/**
 * How many spans one export takes. Receivers refuse messages above 4 MiB unless they are told otherwise (gRPC's default, and the
 * OpenTelemetry Collector's), and a refused batch is lost as a whole: clients that send long headers would make those of all
 * others vanish.
 */
import type { Attributes, Span } from '../span.ts';

/** OpenTelemetry's batch processor: OTEL_BSP_MAX_EXPORT_BATCH_SIZE. */
export const BATCH_SPANS = 512;
/** Of names and values; a header's octet is one, and two octets in UTF-8 at most. */
export const BATCH_CHARACTERS: number = 1.5 * 1024 * 1024;
/** Identifiers, times and what frames them. */
const SPAN_BYTES = 128;
/** Of an attribute beside its name and a text. */
const ATTRIBUTE_BYTES = 16;

/** Of `queue`, from its first on: one at least, where there is one. */
export function batchLength(queue: readonly Span[]): number {
  let characters = 0;
  let count = 0;
  for (const span of queue) {
    if (count >= BATCH_SPANS) break;
    characters += lengthOf(span);
    if (count > 0 && characters > BATCH_CHARACTERS) break;
    count += 1;
  }
  return count;
}

function lengthOf({ name, message, tracestate, attributes, events }: Span): number {
  let length = SPAN_BYTES + name.length + message.length + tracestate.length + lengthOfAll(attributes);
  for (const event of events) length += SPAN_BYTES + event.name.length + lengthOfAll(event.attributes);
  return length;
}

function lengthOfAll(attributes: Attributes): number {
  let length = 0;
  for (const name in attributes) {
    const value = attributes[name];
    length += ATTRIBUTE_BYTES + name.length + (typeof value === 'string' ? value.length : 0);
  }
  return length;
}
