/** Traces as Jaeger's query API has them (`model/json` of Jaeger), for Grafana, Kiali and scripts. Pure. */
import type { Origin, OwnedSpan, Span, Tag, Trace } from '../model/span.ts';

interface JaegerTag {
  readonly key: string;
  readonly type: 'string' | 'bool' | 'int64' | 'float64';
  readonly value: string | number | boolean;
}

export interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<
    Record<string, { readonly serviceName: string; readonly tags: readonly JaegerTag[] }>
  >;
  readonly warnings: null;
}

interface JaegerSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  readonly references: readonly {
    readonly refType: 'CHILD_OF' | 'FOLLOWS_FROM';
    readonly traceID: string;
    readonly spanID: string;
  }[];
  /** Microseconds, both. */
  readonly startTime: number;
  readonly duration: number;
  readonly tags: readonly JaegerTag[];
  readonly logs: readonly { readonly timestamp: number; readonly fields: readonly JaegerTag[] }[];
  readonly processID: string;
  readonly warnings: readonly string[] | null;
}

/** What every answer is wrapped in. */
export function envelope<Data>(data: readonly Data[]) {
  return { data, total: data.length, limit: 0, offset: 0, errors: null };
}

export function jaegerTrace({ traceId, spans }: Trace): JaegerTrace {
  const ids = new Map<Origin, string>();
  for (const { origin } of spans) if (!ids.has(origin)) ids.set(origin, `p${ids.size + 1}`);
  return {
    traceID: traceId,
    spans: spans.map((owned) => jaegerSpan(owned, ids.get(owned.origin)!)),
    processes: Object.fromEntries(
      [...ids].map(([origin, id]) => [id, { serviceName: origin.service, tags: origin.tags.map(tagOf) }]),
    ),
    warnings: null,
  };
}

function jaegerSpan({ span }: OwnedSpan, processID: string): JaegerSpan {
  const { traceId: traceID, spanId: spanID, parentId } = span;
  const parent = parentId === '' ? [] : [{ refType: 'CHILD_OF' as const, traceID, spanID: parentId }];
  const links = span.links.map((link) => ({
    refType: 'FOLLOWS_FROM' as const,
    traceID: link.traceId,
    spanID: link.spanId,
  }));
  return {
    traceID,
    spanID,
    operationName: span.name,
    references: [...parent, ...links],
    startTime: Math.round(span.startUs),
    duration: Math.round(span.durationUs),
    tags: [...span.tags, ...ownTags(span)].map(tagOf),
    logs: span.events.map((event) => ({
      timestamp: Math.round(event.timeUs),
      fields: [{ key: 'event', value: event.name }, ...event.tags].map(tagOf),
    })),
    processID,
    warnings: span.left > 0 ? [`${span.left} attributes, events or links were left out`] : null,
  };
}

/** What OTLP has fields for and Jaeger has tags for. */
function ownTags(span: Span): Tag[] {
  const tags: Tag[] = [];
  if (span.kind !== 'unspecified') tags.push({ key: 'span.kind', value: span.kind });
  if (span.scope !== '') tags.push({ key: 'otel.scope.name', value: span.scope });
  if (span.status === 'error') tags.push({ key: 'error', value: true });
  if (span.status !== 'unset') tags.push({ key: 'otel.status_code', value: span.status.toUpperCase() });
  if (span.message !== '') tags.push({ key: 'otel.status_description', value: span.message });
  return tags;
}

function tagOf({ key, value }: Tag): JaegerTag {
  if (typeof value === 'string') return { key, type: 'string', value };
  if (typeof value === 'boolean') return { key, type: 'bool', value };
  return { key, type: Number.isInteger(value) ? 'int64' : 'float64', value };
}
