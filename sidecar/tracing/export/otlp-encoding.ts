/**
 * Spans as OTLP (opentelemetry.proto.collector.trace.v1). Loaded with the first export: a sidecar that traces nothing has
 * none of it.
 *
 * A batch is encoded slice by slice with the event loop let go between: 512 spans at once would hold up requests for
 * milliseconds. The slices are sent one behind the other as one message, for that is what concatenated messages are: their
 * repeated fields follow each other.
 */
import { type SpanContext, SpanKind, SpanStatusCode, type TraceFlags } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { Attributes, Span } from '../span.ts';

export const SLICE_SPANS = 8;

type Encodable = Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0][number];

const NANOS = 1_000_000;

export class SpanEncoder {
  readonly #resource: Encodable['resource'];
  readonly #scope: Encodable['instrumentationScope'];

  constructor(resource: Attributes, scope: { readonly name: string; readonly version: string }) {
    this.#resource = { attributes: resource } as unknown as Encodable['resource'];
    this.#scope = scope;
  }

  /** The pieces of an ExportTraceServiceRequest; `breathe` lets others run. */
  async encode(spans: readonly Span[], breathe: () => Promise<void>): Promise<Uint8Array[]> {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < spans.length; at += SLICE_SPANS) {
      if (at > 0) await breathe();
      const slice = spans.slice(at, at + SLICE_SPANS).map((span) => this.#encodable(span));
      const piece = ProtobufTraceSerializer.serializeRequest(slice);
      if (piece !== undefined) pieces.push(piece);
    }
    return pieces;
  }

  /** As much of a ReadableSpan as is encoded. */
  #encodable(span: Span): Encodable {
    const { traceId, tracestate } = span;
    const context = (spanId: string, isRemote: boolean): SpanContext => ({
      traceId,
      spanId,
      isRemote,
      traceFlags: span.flags as TraceFlags,
    });
    const own = { ...context(span.spanId, false), ...(tracestate === '' ? {} : stateOf(tracestate)) };
    return {
      name: span.name,
      kind: span.kind === 'client' ? SpanKind.CLIENT : SpanKind.SERVER,
      spanContext: () => own,
      ...(span.parentSpanId === ''
        ? {}
        : { parentSpanContext: context(span.parentSpanId, span.parentIsRemote) }),
      startTime: hrTime(span.startMs),
      endTime: hrTime(span.endMs),
      duration: hrTime(Math.max(span.endMs - span.startMs, 0)),
      status: {
        code: span.failed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET,
        ...(span.message === '' ? {} : { message: span.message }),
      },
      attributes: span.attributes,
      events: span.events.map(({ name, atMs, attributes }) => ({ name, time: hrTime(atMs), attributes })),
      links: [],
      ended: true,
      resource: this.#resource,
      instrumentationScope: this.#scope,
      droppedAttributesCount: 0,
      droppedEventsCount: span.droppedEvents,
      droppedLinksCount: 0,
    };
  }
}

/** How many spans the collector did not take; an answer that cannot be read says nothing of it. */
export function rejectedIn(answer: Uint8Array): number {
  try {
    const rejected = ProtobufTraceSerializer.deserializeResponse(answer).partialSuccess?.rejectedSpans;
    return Math.max(Number(rejected ?? 0), 0);
  } catch {
    return 0;
  }
}

function stateOf(tracestate: string): Pick<SpanContext, 'traceState'> {
  return { traceState: { serialize: () => tracestate } as NonNullable<SpanContext['traceState']> };
}

/** Seconds and nanoseconds. */
function hrTime(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.min(Math.round((ms - seconds * 1000) * NANOS), 999_999_999)];
}
