/**
 * One request that is recorded. Its span and those of its tries are made when it is over, of what the data path knows then;
 * until then it is a few numbers and names.
 */
import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type { RequestRecord } from '#sidecar/telemetry/stream-record.ts';
import type { Endpoint } from '#sidecar/upstream/endpoint.ts';
import { bounded, MAX_EVENT_ATTRIBUTES, MAX_EVENTS, MAX_NAME_LENGTH, MAX_TRY_SPANS } from './bounded.ts';
import { addCustomTags } from './custom-tags.ts';
import { type OutgoingContext, OutgoingLines, withoutGoverned } from './outgoing-lines.ts';
import type { ProxyIdentity } from './proxy-identity.ts';
import { requestAttributes } from './request-attributes.ts';
import type { RequestTrace } from './request-tracing.ts';
import type { Attributes, SpanEvent, SpanSink } from './span.ts';
import { requestSpanName, trySpanName } from './span-names.ts';
import type { TracingSpec } from './tracing-spec.ts';
import { type EndedTry, flagOfTry, tryAttributes } from './try-attributes.ts';
import type { WallTime } from './wall-time.ts';

/** What the requests of a listener share. */
export interface Recording {
  readonly spec: TracingSpec;
  readonly proxy: ProxyIdentity;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly sink: SpanSink;
  readonly wallTime: WallTime;
  newSpanId(): string;
}

/** Where in a trace a request stands. */
export interface Position {
  readonly traceId: string;
  /** The caller's span; '' at the root. */
  readonly parentSpanId: string;
  readonly tracestate: string;
  readonly flags: number;
  readonly debug: boolean;
  readonly b3Single: boolean;
  readonly b3Parts: boolean;
}

interface Try {
  readonly spanId: string;
  readonly endpoint: Endpoint;
  readonly startMs: number;
  /** NaN while it is under way. */
  endMs: number;
  status: number;
  flag: ResponseFlag;
  reason: string;
}

/** OpenTelemetry: what the client did wrong is no failure of the server. */
const FAILED_FROM = { client: 400, server: 500 } as const;
/** Flags of a response that began and did not come to its end. */
const CUT_SHORT: ReadonlySet<string> = new Set(['UC', 'UPE', 'DC', 'UT', 'DT', 'SI']);

export class RecordedRequest implements RequestTrace {
  readonly traceId: string;
  readonly spanId: string;
  readonly #recording: Recording;
  readonly #position: Position;
  readonly #startMs: number;
  readonly #firstTryId: string;
  readonly #context: OutgoingContext;
  #outgoing: OutgoingLines;
  readonly #tries: Try[] = [];
  #tryCount = 0;
  /** At monotonic times: the wall clock may be set while the request is under way. */
  readonly #events: SpanEvent[] = [];
  #droppedEvents = 0;

  constructor(recording: Recording, position: Position, nowMs: number) {
    this.#recording = recording;
    this.#position = position;
    this.#startMs = nowMs;
    this.traceId = position.traceId;
    this.spanId = recording.newSpanId();
    const { trySpans } = recording.spec;
    this.#firstTryId = trySpans ? recording.newSpanId() : this.spanId;
    const parentSpanId = trySpans ? this.spanId : position.parentSpanId;
    this.#context = { ...position, parentSpanId };
    this.#outgoing = new OutgoingLines(this.#context, this.#firstTryId);
    recording.wallTime.look();
  }

  get lines(): Buffer {
    return this.#outgoing.bytes;
  }

  yieldTo(governs: (name: string) => boolean): void {
    this.#outgoing = new OutgoingLines(withoutGoverned(this.#context, governs), this.#firstTryId);
  }

  stamp(out: Buffer, at: number): void {
    if (this.#tryCount > 1) this.#outgoing.stamp(out, at, this.#tries.at(-1)?.spanId ?? this.spanId);
  }

  stampCopy(out: Buffer, at: number): void {
    this.#outgoing.stamp(out, at, this.spanId);
    const { parentSpanId } = this.#position;
    if (parentSpanId !== '') this.#outgoing.stampParent(out, at, parentSpanId);
  }

  tryBegan(endpoint: Endpoint, nowMs: number): void {
    const { spec } = this.#recording;
    this.#tryCount += 1;
    if (!spec.trySpans) return;
    if (this.#tries.length >= MAX_TRY_SPANS) {
      this.#recording.sink.dropped(1);
      return;
    }
    const spanId = this.#tryCount === 1 ? this.#firstTryId : this.#recording.newSpanId();
    this.#tries.push({
      spanId,
      endpoint,
      startMs: nowMs,
      endMs: Number.NaN,
      status: 0,
      flag: '-',
      reason: '',
    });
  }

  tryEnded(nowMs: number, status: number, flag: ResponseFlag, reason: string): void {
    const last = this.#tries.at(-1);
    if (last === undefined || !Number.isNaN(last.endMs)) return;
    last.endMs = nowMs;
    last.status = status;
    last.flag = flag;
    last.reason = reason;
  }

  event(name: string, nowMs: number, attributes: Attributes = {}): void {
    if (this.#events.length >= MAX_EVENTS) {
      this.#droppedEvents += 1;
      return;
    }
    const kept = Object.entries(attributes)
      .slice(0, MAX_EVENT_ATTRIBUTES)
      .map(([key, value]) => [key, typeof value === 'string' ? bounded(value) : value] as const);
    this.#events.push({
      name: bounded(name, MAX_NAME_LENGTH),
      atMs: nowMs,
      attributes: Object.fromEntries(kept),
    });
  }

  end(record: RequestRecord, nowMs: number): void {
    const { sink } = this.#recording;
    if (!sink.admit(this.#tries.length + 1)) return;
    for (const [index, each] of this.#tries.entries()) this.#addTry(each, index, record, nowMs);
    const { spec, proxy, environment, wallTime } = this.#recording;
    const kind = record.reporter === 'source' ? 'client' : 'server';
    const failed = isFailed(kind, record.status, record.flag);
    const attributes = requestAttributes(record, proxy, spec.maxPathLength, failed);
    addCustomTags(spec.customTags, record, environment, attributes);
    const { parentSpanId, ...position } = this.#position;
    sink.add({
      ...position,
      spanId: this.spanId,
      parentSpanId,
      parentIsRemote: parentSpanId !== '',
      name: requestSpanName(record.cluster, record.method),
      kind,
      startMs: wallTime.at(this.#startMs),
      endMs: wallTime.at(Math.max(nowMs, this.#startMs)),
      attributes,
      events: this.#events.map((event) => ({ ...event, atMs: wallTime.at(event.atMs) })),
      droppedEvents: this.#droppedEvents,
      failed,
      message: failed ? bounded(record.reason) : '',
    });
  }

  /** What was still under way ended with the request. */
  #addTry(each: Try, index: number, record: RequestRecord, nowMs: number): void {
    const open = Number.isNaN(each.endMs);
    const { status, reason } = open ? record : each;
    const flag = flagOfTry((open ? record : each).flag, status);
    const failed = isFailed('client', status, flag);
    const ended: EndedTry = { endpoint: each.endpoint, index, status, flag, failed };
    const { sink, wallTime, spec, environment } = this.#recording;
    const { traceId, tracestate, flags } = this.#position;
    const attributes = tryAttributes(ended, record);
    addCustomTags(spec.customTags, record, environment, attributes);
    sink.add({
      traceId,
      tracestate,
      flags,
      spanId: each.spanId,
      parentSpanId: this.spanId,
      parentIsRemote: false,
      name: trySpanName(record.cluster),
      kind: 'client',
      startMs: wallTime.at(each.startMs),
      endMs: wallTime.at(Math.max(open ? nowMs : each.endMs, each.startMs)),
      attributes,
      events: [],
      droppedEvents: 0,
      failed,
      message: failed ? bounded(reason) : '',
    });
  }
}

/** An answer decides by its status; without one, or with one that broke off, the flags do. */
function isFailed(kind: 'client' | 'server', status: number, flag: ResponseFlag): boolean {
  if (status === 0) return flag !== '-';
  return status >= FAILED_FROM[kind] || flag.split(',').some((each) => CUT_SHORT.has(each));
}
