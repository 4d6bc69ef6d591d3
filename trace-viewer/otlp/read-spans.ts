/** OTLP's messages to the viewer's spans, cut to size: values are strangers' words and may be of any length. Pure. */
import type { ExportTraceServiceRequest } from '#api/otlp/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import type { AnyValue, KeyValue } from '#api/otlp/gen/opentelemetry/proto/common/v1/common_pb.js';
import {
  Span_SpanKind as Kind,
  type Span as OtlpSpan,
  Status_StatusCode as StatusCode,
} from '#api/otlp/gen/opentelemetry/proto/trace/v1/trace_pb.js';
import { LIMITS } from '../limits.ts';
import type { Origin, OwnedSpan, Span, SpanKind, Tag } from '../model/span.ts';

export interface SpansRead {
  readonly spans: readonly OwnedSpan[];
  /** Spans without a valid id of their own or of their trace. */
  readonly refused: number;
}

/** Jaeger's name for a service that says none. */
const NAMELESS = 'unknown_service';

export function readSpans(request: ExportTraceServiceRequest): SpansRead {
  const spans: OwnedSpan[] = [];
  let refused = 0;
  for (const { resource, scopeSpans } of request.resourceSpans) {
    const origin = originOf(resource?.attributes ?? []);
    for (const { scope, spans: sent } of scopeSpans) {
      for (const one of sent) {
        const span = spanOf(one, scope?.name ?? '');
        if (span === undefined) refused += 1;
        else spans.push({ span, origin });
      }
    }
  }
  return { spans, refused };
}

function originOf(attributes: readonly KeyValue[]): Origin {
  const tags = tagsOf(attributes, LIMITS.tagsPerSpan);
  const name = tags.find(({ key }) => key === 'service.name')?.value;
  return {
    service: cut(String(name ?? ''), LIMITS.nameLength) || NAMELESS,
    tags: tags.filter(({ key }) => key !== 'service.name'),
  };
}

function spanOf(span: OtlpSpan, scope: string): Span | undefined {
  const traceId = idOf(span.traceId, 16);
  const spanId = idOf(span.spanId, 8);
  if (traceId === '' || spanId === '') return undefined;
  const { startTimeUnixNano: start, endTimeUnixNano: end } = span;
  const tags = tagsOf(span.attributes, LIMITS.tagsPerSpan);
  const events = span.events.slice(0, LIMITS.eventsPerSpan).map((event) => ({
    timeUs: microseconds(event.timeUnixNano),
    name: cut(event.name, LIMITS.nameLength),
    tags: tagsOf(event.attributes, LIMITS.tagsPerEvent),
  }));
  const links = span.links
    .map((link) => ({ traceId: idOf(link.traceId, 16), spanId: idOf(link.spanId, 8) }))
    .filter((link) => link.traceId !== '' && link.spanId !== '')
    .slice(0, LIMITS.linksPerSpan);
  const kept = tags.length + events.length + links.length;
  const sent = span.attributes.length + span.events.length + span.links.length;
  const leftByTracer = span.droppedAttributesCount + span.droppedEventsCount + span.droppedLinksCount;
  return {
    traceId,
    spanId,
    parentId: idOf(span.parentSpanId, 8),
    name: cut(span.name, LIMITS.nameLength) || 'unnamed',
    kind: KINDS[span.kind] ?? 'unspecified',
    startUs: microseconds(start),
    durationUs: end > start ? microseconds(end - start) : 0,
    status: statusOf(span.status?.code),
    message: cut(span.status?.message ?? '', LIMITS.valueLength),
    scope: cut(scope, LIMITS.nameLength),
    tags,
    events,
    links,
    left: sent - kept + leftByTracer,
  };
}

const KINDS: Readonly<Record<number, SpanKind>> = {
  [Kind.INTERNAL]: 'internal',
  [Kind.SERVER]: 'server',
  [Kind.CLIENT]: 'client',
  [Kind.PRODUCER]: 'producer',
  [Kind.CONSUMER]: 'consumer',
};

function statusOf(code: StatusCode | undefined): Span['status'] {
  if (code === StatusCode.ERROR) return 'error';
  return code === StatusCode.OK ? 'ok' : 'unset';
}

/** Hex, or nothing when the length is wrong or every bit is zero, which OTLP calls invalid. */
function idOf(bytes: Uint8Array, length: number): string {
  if (bytes.length !== length || bytes.every((byte) => byte === 0)) return '';
  return Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('hex');
}

const microseconds = (nanoseconds: bigint): number => Number(nanoseconds) / 1_000;

function tagsOf(attributes: readonly KeyValue[], most: number): Tag[] {
  return attributes.slice(0, most).map(({ key, value }) => ({
    key: cut(key, LIMITS.keyLength),
    value: tagValueOf(value),
  }));
}

function tagValueOf(value: AnyValue | undefined): Tag['value'] {
  const { case: which, value: inner } = value?.value ?? { case: undefined };
  if (which === 'stringValue') return cut(inner, LIMITS.valueLength);
  if (which === 'boolValue') return inner;
  if (which === 'doubleValue') return Number.isFinite(inner) ? inner : String(inner);
  if (which === 'intValue') return Number.isSafeInteger(Number(inner)) ? Number(inner) : String(inner);
  return cut(JSON.stringify(plainOf(value)) ?? '', LIMITS.valueLength);
}

function plainOf(value: AnyValue | undefined): unknown {
  const { case: which, value: inner } = value?.value ?? { case: undefined };
  if (which === 'arrayValue') return inner.values.map(plainOf);
  if (which === 'kvlistValue')
    return Object.fromEntries(inner.values.map((pair) => [pair.key, plainOf(pair.value)]));
  if (which === 'bytesValue') return Buffer.from(inner).toString('base64');
  return typeof inner === 'bigint' ? String(inner) : (inner ?? null);
}

/** No half of a character pair is left at the end. */
function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}
