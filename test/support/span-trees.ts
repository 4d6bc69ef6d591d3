/** Spans of OTLP requests as trees, drawn as text that a test can compare, and what is wrong with them. Pure. */
import type { ExportTraceServiceRequest } from '#api/otlp/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import type { KeyValue } from '#api/otlp/gen/opentelemetry/proto/common/v1/common_pb.js';
import { Span_SpanKind as Kind, type Span } from '#api/otlp/gen/opentelemetry/proto/trace/v1/trace_pb.js';

export interface SeenSpan {
  readonly traceId: string;
  readonly id: string;
  /** Empty for a root. */
  readonly parent: string;
  readonly service: string;
  readonly name: string;
  readonly kind: 'server' | 'client' | 'other';
  /** A client span's child: one try at an endpoint. */
  readonly isTry: boolean;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly failed: boolean;
  readonly attributes: ReadonlyMap<string, string>;
  readonly events: readonly string[];
}

export function spansOf(requests: readonly ExportTraceServiceRequest[]): SeenSpan[] {
  return requests.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ resource, scopeSpans }) => {
      const service = textsOf(resource?.attributes ?? []).get('service.name') ?? '';
      return scopeSpans.flatMap(({ spans }) => spans.map((span) => seen(span, service)));
    }),
  );
}

const ERROR = 2;

function seen(span: Span, service: string): SeenSpan {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return {
    traceId: hex(span.traceId),
    id: hex(span.spanId),
    parent: hex(span.parentSpanId),
    service,
    name: span.name,
    kind: span.kind === Kind.SERVER ? 'server' : span.kind === Kind.CLIENT ? 'client' : 'other',
    isTry: span.name.startsWith('router '),
    startNs: span.startTimeUnixNano,
    endNs: span.endTimeUnixNano,
    failed: span.status?.code === ERROR,
    attributes: textsOf(span.attributes),
    events: span.events.map(({ name }) => name),
  };
}

function textsOf(attributes: readonly KeyValue[]): Map<string, string> {
  return new Map(attributes.map(({ key, value }) => [key, String(value?.value.value ?? '')]));
}

/** The spans of each trace. */
export function tracesOf(spans: readonly SeenSpan[]): Map<string, SeenSpan[]> {
  return Map.groupBy(spans, ({ traceId }) => traceId);
}

/** Clocks of one machine are one clock; spans are cut to milliseconds, and a callee may end after its caller has read all. */
const GRAIN_NS = 2_000_000n;

/** What keeps a trace from being one whole tree; nothing when it is one. */
export function mistakesIn(spans: readonly SeenSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.id, span]));
  const roots = spans.filter(({ parent }) => parent === '');
  const mistakes: string[] = [];
  if (byId.size !== spans.length) mistakes.push('two spans have one id');
  if (new Set(spans.map(({ traceId }) => traceId)).size > 1) mistakes.push('there are several traces');
  if (roots.length !== 1) mistakes.push(`there are ${roots.length} roots`);
  for (const span of spans) {
    const parent = byId.get(span.parent);
    const what = `${span.kind} of ${span.service} (${span.name})`;
    if (span.endNs < span.startNs) mistakes.push(`${what} ends before it begins`);
    if (span.kind === 'other') mistakes.push(`${what} has another kind`);
    if (span.parent === '') continue;
    if (parent === undefined) mistakes.push(`${what} has lost its parent`);
    else mistakes.push(...mistakesBetween(parent, span, what));
  }
  const anchored = spans.every(({ parent }) => parent === '' || byId.has(parent));
  if (roots.length === 1 && anchored && reached(roots[0]!, spans) !== spans.length)
    mistakes.push('parents go in a circle');
  return mistakes;
}

function mistakesBetween(parent: SeenSpan, span: SeenSpan, what: string): string[] {
  const mistakes: string[] = [];
  if (span.startNs < parent.startNs - GRAIN_NS) mistakes.push(`${what} begins before its parent`);
  if (span.isTry && (parent.isTry || parent.kind !== 'client')) mistakes.push(`${what} is a try of nothing`);
  if (!span.isTry && span.kind === 'client' && parent.kind !== 'server')
    mistakes.push(`${what} was not asked by its own server span`);
  if (span.kind === 'server' && !parent.isTry) mistakes.push(`${what} is not beneath a try`);
  return mistakes;
}

function reached(root: SeenSpan, spans: readonly SeenSpan[]): number {
  const below = spans.filter(({ parent }) => parent === root.id);
  return below.reduce((sum, span) => sum + reached(span, spans), 1);
}

/**
 * A tree as lines, two spaces deeper for each step down, children in the order of their starts:
 * `client productpage GET /details/0 200`, `try details 200`, and behind it flags and events if there are any.
 */
export function outline(spans: readonly SeenSpan[]): string {
  const line = (span: SeenSpan, depth: number): string[] => {
    const below = spans
      .filter(({ parent }) => parent === span.id)
      .sort((a, b) => Number(a.startNs - b.startNs));
    return [`${'  '.repeat(depth)}${said(span)}`, ...below.flatMap((child) => line(child, depth + 1))];
  };
  return spans
    .filter(({ parent }) => parent === '')
    .flatMap((root) => line(root, 0))
    .join('\n');
}

function said(span: SeenSpan): string {
  const of = (key: string): string => span.attributes.get(key) ?? '';
  const first = (name: string): string => name.split('.')[0]!;
  const status = of('http.response.status_code') || 'no status';
  const flags = ['', '-'].includes(of('response_flags')) ? '' : ` ${of('response_flags')}`;
  const events = span.events.length === 0 ? '' : ` [${span.events.join(', ')}]`;
  const what = span.isTry
    ? `try ${first(of('upstream_cluster').split('|').at(-1)!)}`
    : `${span.kind} ${first(span.service)} ${of('http.request.method')} ${of('url.path')}`;
  return `${what} ${status}${flags}${events}`;
}
