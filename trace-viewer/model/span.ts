/** A span as the viewer keeps and shows it: OTLP's, with ids in hex, times in microseconds and values that JSON can hold. */
export interface Span {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Empty at the start of a trace. */
  readonly parentId: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** Since the Unix epoch. */
  readonly startUs: number;
  readonly durationUs: number;
  readonly status: 'unset' | 'ok' | 'error';
  /** What the tracer says of the status. */
  readonly message: string;
  readonly scope: string;
  readonly tags: readonly Tag[];
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  /** Attributes, events and links that the tracer or the viewer's limits left out. */
  readonly left: number;
}

export type SpanKind = 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer';

export interface Tag {
  readonly key: string;
  readonly value: string | number | boolean;
}

export interface SpanEvent {
  readonly timeUs: number;
  readonly name: string;
  readonly tags: readonly Tag[];
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
}

/** Who made a span: OTLP's resource. */
export interface Origin {
  readonly service: string;
  readonly tags: readonly Tag[];
}

/** A span with who made it. */
export interface OwnedSpan {
  readonly span: Span;
  readonly origin: Origin;
}

/** All that has come of a trace so far, in the order of arrival. */
export interface Trace {
  readonly traceId: string;
  readonly spans: readonly OwnedSpan[];
  /** Spans that came and were more than is kept of one trace. */
  readonly refused: number;
}
