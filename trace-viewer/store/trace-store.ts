/**
 * The traces that came last, in memory. A span is kept as the JSON text that it is shown from: as objects it would take three
 * times as much, and nobody could say how much. When the bytes are used up, whole traces go, those first that came first.
 */
import type { Origin, OwnedSpan, Span, Trace } from '../model/span.ts';
import { Catalogue } from './catalogue.ts';

export interface StoreLimits {
  readonly storeBytes: number;
  readonly spansPerTrace: number;
  readonly services: number;
  readonly operationsPerService: number;
}

/** What a search looks at first, without reading the span's text. */
export interface StoredSpan {
  readonly text: string;
  readonly origin: Origin;
  readonly name: string;
  readonly startUs: number;
  readonly durationUs: number;
  readonly error: boolean;
  readonly bytes: number;
}

export interface StoredTrace {
  readonly traceId: string;
  readonly spans: ReadonlyMap<string, StoredSpan>;
  readonly startUs: number;
  readonly endUs: number;
}

interface Entry extends StoredTrace {
  readonly spans: Map<string, StoredSpan>;
  startUs: number;
  endUs: number;
  bytes: number;
}

export interface StoreCounts {
  traces: number;
  spans: number;
  bytes: number;
  /** Traces that made way for newer ones. */
  tracesDropped: number;
  spansDropped: number;
  /** Spans beyond what one trace may have. */
  spansRefused: number;
}

/** A span's objects beside its text: the entry, the keys, the map's slots. */
const OVERHEAD_BYTES = 350;
const TRACE_OVERHEAD_BYTES = 500;

export class TraceStore {
  readonly counts: StoreCounts = {
    traces: 0,
    spans: 0,
    bytes: 0,
    tracesDropped: 0,
    spansDropped: 0,
    spansRefused: 0,
  };
  readonly catalogue: Catalogue;
  readonly #limits: StoreLimits;
  readonly #traces = new Map<string, Entry>();
  /** Equal resources are one object. */
  readonly #origins = new Map<string, { readonly origin: Origin; readonly bytes: number; uses: number }>();

  constructor(limits: StoreLimits) {
    this.#limits = limits;
    this.catalogue = new Catalogue(limits);
  }

  add({ span, origin }: OwnedSpan): void {
    const trace = this.#traces.get(span.traceId) ?? this.#begin(span);
    if (trace.spans.has(span.spanId)) this.#remove(trace, span.spanId); // A tracer that heard no answer sends again.
    if (trace.spans.size >= this.#limits.spansPerTrace) {
      this.counts.spansRefused += 1;
      return;
    }
    const text = JSON.stringify(span);
    const stored = {
      text,
      origin: this.#share(origin),
      name: span.name,
      startUs: span.startUs,
      durationUs: span.durationUs,
      error: span.status === 'error',
      bytes: memoryOf(text) + OVERHEAD_BYTES,
    };
    trace.spans.set(span.spanId, stored);
    trace.startUs = Math.min(trace.startUs, span.startUs);
    trace.endUs = Math.max(trace.endUs, span.startUs + span.durationUs);
    this.#weigh(trace, stored.bytes);
    this.counts.spans += 1;
    this.catalogue.add(origin.service, span.name);
    this.#makeRoom(trace);
  }

  get(traceId: string): Trace | undefined {
    const trace = this.#traces.get(traceId);
    return trace === undefined ? undefined : readTrace(trace);
  }

  /** In the order in which they began to arrive. */
  traces(): Iterable<StoredTrace> {
    return this.#traces.values();
  }

  #begin({ traceId, startUs }: Span): Entry {
    const trace: Entry = { traceId, spans: new Map(), startUs, endUs: startUs, bytes: 0 };
    this.#traces.set(traceId, trace);
    this.counts.traces += 1;
    this.#weigh(trace, TRACE_OVERHEAD_BYTES);
    return trace;
  }

  #makeRoom(newest: Entry): void {
    for (const trace of this.#traces.values()) {
      if (this.counts.bytes <= this.#limits.storeBytes || trace === newest) return;
      this.counts.tracesDropped += 1;
      this.counts.spansDropped += trace.spans.size;
      for (const spanId of [...trace.spans.keys()]) this.#remove(trace, spanId);
      this.#traces.delete(trace.traceId);
      this.counts.traces -= 1;
      this.#weigh(trace, -trace.bytes);
    }
  }

  #remove(trace: Entry, spanId: string): void {
    const { origin, name, bytes } = trace.spans.get(spanId)!;
    trace.spans.delete(spanId);
    this.counts.spans -= 1;
    this.#weigh(trace, -bytes);
    this.catalogue.remove(origin.service, name);
    this.#release(origin);
  }

  #weigh(trace: Entry, bytes: number): void {
    trace.bytes += bytes;
    this.counts.bytes += bytes;
  }

  #share(origin: Origin): Origin {
    const key = JSON.stringify(origin);
    const known = this.#origins.get(key);
    if (known !== undefined) {
      known.uses += 1;
      return known.origin;
    }
    const bytes = 4 * memoryOf(key);
    this.#origins.set(key, { origin, bytes, uses: 1 });
    this.counts.bytes += bytes;
    return origin;
  }

  #release(origin: Origin): void {
    const key = JSON.stringify(origin);
    const known = this.#origins.get(key)!;
    known.uses -= 1;
    if (known.uses > 0) return;
    this.#origins.delete(key);
    this.counts.bytes -= known.bytes;
  }
}

export function readTrace(trace: StoredTrace): Trace {
  const spans = [...trace.spans.values()].map(({ text, origin }) => ({
    span: JSON.parse(text) as Span,
    origin,
  }));
  return { traceId: trace.traceId, spans };
}

/** V8 keeps a byte a character, or two for all when one of them is beyond Latin-1. */
function memoryOf(text: string): number {
  return /[\u0100-\uffff]/.test(text) ? 2 * text.length : text.length;
}
