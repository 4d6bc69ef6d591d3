/**
 * The traces that came last, in memory. A span is kept as the JSON text that it is shown from: as objects it would take three
 * times as much, and nobody could say how much. When the bytes are used up, whole traces go: the oldest of the sender that has
 * most, so that a flood carries off its own; or, where nobody has much, the oldest of all.
 */
import type { Origin, OwnedSpan, Span, SpanKind, Trace } from '../model/span.ts';
import type { CatalogueLimits, Operation } from './catalogue.ts';
import { memoryOf } from './memory-of.ts';
import { Sender } from './sender.ts';

export interface StoreLimits extends CatalogueLimits {
  readonly storeBytes: number;
  /** A sender that has less is not asked to make way before others. */
  readonly fairBytes: number;
  /** What one sender may put into one trace, and what its origins may take. */
  readonly spansPerPart: number;
  readonly bytesPerPart: number;
  /** What all may put into one trace. */
  readonly spansPerTrace: number;
  readonly bytesPerTrace: number;
}

/** What a search looks at first, without reading the span's text. */
export interface StoredSpan {
  readonly text: string;
  readonly origin: Origin;
  readonly sender: Sender;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startUs: number;
  readonly durationUs: number;
  readonly error: boolean;
  readonly bytes: number;
}

export interface StoredTrace {
  readonly traceId: string;
  /** By sender and id: nobody takes away what another one sent. */
  readonly spans: ReadonlyMap<string, StoredSpan>;
  readonly startUs: number;
  readonly endUs: number;
  /** Spans that came and were too many. */
  readonly refused: number;
}

interface Entry extends StoredTrace {
  readonly spans: Map<string, StoredSpan>;
  startUs: number;
  endUs: number;
  refused: number;
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
const OVERHEAD_BYTES = 400;
/** A trace's, for each of its senders. */
const PART_OVERHEAD_BYTES = 600;

export class TraceStore {
  /** Kept up to date, for whoever shows them. */
  readonly counts: StoreCounts = {
    traces: 0,
    spans: 0,
    bytes: 0,
    tracesDropped: 0,
    spansDropped: 0,
    spansRefused: 0,
  };
  readonly #limits: StoreLimits;
  readonly #traces = new Map<string, Entry>();
  readonly #senders = new Map<string, Sender>();

  constructor(limits: StoreLimits) {
    this.#limits = limits;
  }

  /** `address`: who sent it. */
  add(owned: OwnedSpan, address: string): void {
    const { span, origin } = owned;
    const sender = this.#senders.get(address) ?? new Sender(address, this.#limits);
    const trace = this.#traces.get(span.traceId) ?? begun(span);
    const key = `${span.spanId} ${address}`;
    if (trace.spans.has(key)) return; // A tracer that heard no answer sends again.
    const text = JSON.stringify(span);
    const bytes = memoryOf(text) + OVERHEAD_BYTES;
    if (!this.#hasRoom(trace, sender, bytes) || !this.#makeRoomForOrigin(sender, origin, trace)) {
      this.counts.spansRefused += 1;
      trace.refused += 1;
      return;
    }
    if (!this.#traces.has(span.traceId)) {
      this.#traces.set(span.traceId, trace);
      this.counts.traces += 1;
    }
    this.#senders.set(address, sender);
    const { name, kind, startUs, durationUs } = span;
    const error = span.status === 'error';
    this.#account(sender, () => {
      const begins = !sender.parts.has(span.traceId);
      sender.weigh(span.traceId, 1, bytes + (begins ? PART_OVERHEAD_BYTES : 0));
      const shared = sender.share(origin);
      trace.spans.set(key, { text, origin: shared, sender, name, kind, startUs, durationUs, error, bytes });
    });
    trace.bytes += bytes;
    trace.startUs = Math.min(trace.startUs, startUs);
    trace.endUs = Math.max(trace.endUs, startUs + durationUs);
    this.counts.spans += 1;
    sender.catalogue.add(origin.service, span);
    this.#makeRoom(trace);
  }

  get(traceId: string): Trace | undefined {
    const trace = this.find(traceId);
    return trace === undefined ? undefined : readTrace(trace);
  }

  find(traceId: string): StoredTrace | undefined {
    return this.#traces.get(traceId);
  }

  /** In the order in which they began to arrive. */
  traces(): Iterable<StoredTrace> {
    return this.#traces.values();
  }

  /** Names, sorted. */
  services(): string[] {
    return [...new Set(this.#catalogues().flatMap((each) => [...each.services()]))].sort();
  }

  /** Sorted; each with the kinds of span that it is the name of. */
  operations(service: string): Operation[] {
    const all = this.#catalogues().flatMap((each) => [...each.operations(service)]);
    const distinct = new Map(all.map(({ name, kind }) => [`${name} ${kind}`, { name, kind }]));
    return [...distinct].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, operation]) => operation);
  }

  #catalogues() {
    return [...this.#senders.values()].map(({ catalogue }) => catalogue);
  }

  #hasRoom(trace: Entry, sender: Sender, bytes: number): boolean {
    const { spansPerPart, bytesPerPart, spansPerTrace, bytesPerTrace } = this.#limits;
    if (trace.spans.size >= spansPerTrace || trace.bytes + bytes > bytesPerTrace) return false;
    const part = sender.parts.get(trace.traceId) ?? { spans: 0, bytes: 0 };
    return part.spans < spansPerPart && part.bytes + bytes <= bytesPerPart;
  }

  /** Who brings many origins makes way for them itself. */
  #makeRoomForOrigin(sender: Sender, origin: Origin, newest: Entry): boolean {
    const bytes = sender.costOf(origin);
    const { bytesPerPart } = this.#limits;
    while (bytes > 0 && sender.originBytes + bytes > bytesPerPart) {
      const oldest = this.#oldestOf(sender, newest);
      if (oldest === undefined) return false;
      this.#drop(oldest);
    }
    return true;
  }

  #makeRoom(newest: Entry): void {
    while (this.counts.bytes > this.#limits.storeBytes) {
      const trace = this.#oldestOfLargest(newest) ?? this.#traces.values().find((each) => each !== newest);
      if (trace === undefined) return;
      this.#drop(trace);
    }
  }

  #oldestOfLargest(newest: Entry): Entry | undefined {
    let largest: Sender | undefined;
    for (const sender of this.#senders.values()) if (sender.bytes > (largest?.bytes ?? 0)) largest = sender;
    if (largest === undefined || largest.bytes < this.#limits.fairBytes) return undefined;
    return this.#oldestOf(largest, newest);
  }

  #oldestOf({ parts }: Sender, newest: Entry): Entry | undefined {
    const traceId = parts.keys().find((id) => id !== newest.traceId);
    return traceId === undefined ? undefined : this.#traces.get(traceId);
  }

  #drop(trace: Entry): void {
    this.counts.tracesDropped += 1;
    this.counts.spansDropped += trace.spans.size;
    for (const key of [...trace.spans.keys()]) this.#remove(trace, key);
    this.#traces.delete(trace.traceId);
    this.counts.traces -= 1;
  }

  #remove(trace: Entry, key: string): void {
    const stored = trace.spans.get(key)!;
    const { origin, sender, bytes } = stored;
    trace.spans.delete(key);
    trace.bytes -= bytes;
    this.counts.spans -= 1;
    this.#account(sender, () => {
      const ends = sender.parts.get(trace.traceId)!.spans === 1;
      sender.weigh(trace.traceId, -1, -bytes - (ends ? PART_OVERHEAD_BYTES : 0));
      sender.release(origin);
    });
    sender.catalogue.remove(origin.service, stored);
    if (sender.parts.size === 0) this.#senders.delete(sender.address);
  }

  #account(sender: Sender, act: () => void): void {
    const before = sender.bytes;
    act();
    this.counts.bytes += sender.bytes - before;
  }
}

const begun = ({ traceId, startUs }: Span): Entry => ({
  traceId,
  spans: new Map(),
  startUs,
  endUs: startUs,
  refused: 0,
  bytes: 0,
});

export function readTrace(trace: StoredTrace): Trace {
  const spans = [...trace.spans.values()].map(({ text, origin }) => ({
    span: JSON.parse(text) as Span,
    origin,
  }));
  return { traceId: trace.traceId, spans, refused: trace.refused };
}
