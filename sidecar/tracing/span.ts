/** A span that is over, before it is encoded. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** '' at the root. */
  readonly parentSpanId: string;
  /** The parent is in another program. */
  readonly parentIsRemote: boolean;
  readonly tracestate: string;
  /** Of the traceparent. */
  readonly flags: number;
  readonly name: string;
  readonly kind: 'client' | 'server';
  /** Milliseconds since the epoch, with a fraction. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly droppedEvents: number;
  readonly failed: boolean;
  /** What went wrong, in words; '' when there is nothing to say. */
  readonly message: string;
}

export type Attributes = Readonly<Record<string, string | number>>;

export interface SpanEvent {
  readonly name: string;
  /** Milliseconds since the epoch, with a fraction. */
  readonly atMs: number;
  readonly attributes: Attributes;
}

/** Where finished spans go. Never blocks and never throws. */
export interface SpanSink {
  /** Whether so many find room. If not they are counted as dropped: they need not be made. */
  admit(count: number): boolean;
  add(span: Span): void;
  /** Spans that were not even made, by the limits of a request. */
  dropped(count: number): void;
}
