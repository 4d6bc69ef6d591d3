/**
 * The queue of finished spans, and what empties it. Traffic goes on whatever a collector does: the queue is bounded, one
 * export is under way at most, and what finds no room is dropped and counted.
 *
 *     idle ──first span──▶ gathering ──512 spans or a second──▶ sending ──accepted, refused──▶ idle or gathering
 *                                                                 ▲  │ later
 *                                                                 └──┴─ backing off, five times at most
 */
import { type Backoff, createBackoff } from '#api/foundation/backoff.ts';
import type { Clock, Timer } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { Random } from '#api/foundation/random.ts';
import type { Span, SpanSink } from '../span.ts';
import { BATCH_SPANS, batchLength } from './batch-length.ts';
import type { Collector, Verdict } from './collector.ts';

/** OpenTelemetry's batch processor: OTEL_BSP_MAX_QUEUE_SIZE. */
export const MAX_QUEUED = 2048;
/** Sooner than its 5 s (OTEL_BSP_SCHEDULE_DELAY): who looks for a trace has just sent the request. */
export const FLUSH_EVERY_MS = 1_000;
/** OpenTelemetry's exporters: five tries, from a second on. */
export const MAX_TRIES = 5;
const BACKOFF = { initialMs: 1_000, maxMs: 5_000, factor: 1.5, jitter: 0.2 };
/** A connection that nothing was sent on for so long is closed. */
const IDLE_MS = 60_000;
/** What a drain waits for spans. */
export const CLOSE_WITHIN_MS = 2_000;

export type DropReason =
  /** The queue had no room. */
  | 'queue_full'
  /** The collector was not there, or asked to wait, for too long. */
  | 'unavailable'
  /** The collector refused the whole batch. */
  | 'refused'
  /** The collector took the batch but for these (OTLP's partial success). */
  | 'rejected'
  /** A request had more tries than are recorded. */
  | 'limit'
  /** The sidecar ended before. */
  | 'closed';

/** What turns spans into bytes and brings them away; loaded when the first span is there. */
export interface Way {
  readonly collector: Collector;
  encode(spans: readonly Span[]): Promise<Uint8Array[]>;
}

export interface SpanExporterSettings {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly open: () => Promise<Way>;
}

export class SpanExporter implements SpanSink {
  readonly drops: Map<DropReason, number> = new Map();
  exported = 0;
  readonly #settings: SpanExporterSettings;
  readonly #backoff: Backoff;
  #way: Promise<Way> | undefined;
  #queue: Span[] = [];
  /** Those that are being sent. */
  #batch: readonly Span[] = [];
  #timer: Timer | undefined;
  #busy = false;
  #failing = false;
  #closing = false;
  #idle: Timer | undefined;
  /** Ends a back-off; tells that nothing is under way. */
  #wake: (() => void) | undefined;
  #emptied: (() => void) | undefined;

  constructor(settings: SpanExporterSettings) {
    this.#settings = settings;
    this.#backoff = createBackoff(BACKOFF, settings.random);
  }

  /** Spans that wait or are under way. */
  get queued(): number {
    return this.#queue.length + this.#batch.length;
  }

  admit(count: number): boolean {
    const hasRoom = !this.#closing && this.queued + count <= MAX_QUEUED;
    if (!hasRoom) this.#drop(this.#closing ? 'closed' : 'queue_full', count);
    return hasRoom;
  }

  add(span: Span): void {
    if (!this.admit(1)) return;
    this.#queue.push(span);
    if (this.#busy) return;
    if (this.#queue.length >= BATCH_SPANS) this.#flush();
    else this.#timer ??= this.#settings.clock.after(FLUSH_EVERY_MS, () => this.#flush());
  }

  dropped(count: number): void {
    this.#drop('limit', count);
  }

  /** Sends what is there once more, and gives up what is left after `CLOSE_WITHIN_MS`. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    const { clock } = this.#settings;
    let over: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      over = clock.after(CLOSE_WITHIN_MS, resolve);
    });
    this.#wake?.();
    if (!this.#busy && this.#queue.length > 0) this.#flush();
    await Promise.race([this.#drained(), late]);
    over?.cancel();
    this.#idle?.cancel();
    this.#drop('closed', this.queued);
    this.#queue = [];
    this.#batch = [];
    if (this.#way !== undefined) await this.#way.then(({ collector }) => collector.close(), ignore);
  }

  #drained(): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    return new Promise((resolve) => {
      this.#emptied = resolve;
    });
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#busy || this.#queue.length === 0) return;
    this.#busy = true;
    this.#idle?.cancel();
    this.#sendAll().then(() => this.#rest(), ignore);
  }

  /** Nothing is under way any more. */
  #rest(): void {
    this.#busy = false;
    this.#emptied?.();
    if (this.#closing) return;
    const { clock } = this.#settings;
    if (this.#queue.length > 0) this.#timer ??= clock.after(FLUSH_EVERY_MS, () => this.#flush());
    this.#idle = clock.after(IDLE_MS, () => {
      this.#way?.then(({ collector }) => collector.close(), ignore);
    });
  }

  /** Batch after batch while there are full ones; of a closing exporter, all. */
  async #sendAll(): Promise<void> {
    do {
      const length = batchLength(this.#queue);
      this.#batch = this.#queue.slice(0, length);
      this.#queue = this.#queue.slice(length);
      await this.#sendBatch();
    } while (this.#queue.length >= (this.#closing ? 1 : BATCH_SPANS));
  }

  async #sendBatch(): Promise<void> {
    const batch = this.#batch;
    const verdict = await this.#sendPatiently(batch);
    /** `close` gave it up meanwhile. */
    if (this.#batch !== batch) return;
    this.#batch = [];
    if (verdict.kind === 'accepted') {
      const rejected = Math.min(verdict.rejected, batch.length);
      this.exported += batch.length - rejected;
      this.#drop('rejected', rejected);
    } else this.#drop(verdict.kind === 'refused' ? 'refused' : 'unavailable', batch.length);
    this.#tell(verdict);
  }

  async #sendPatiently(batch: readonly Span[]): Promise<Verdict> {
    try {
      const way = await this.#opened();
      const request = await way.encode(batch);
      this.#backoff.reset();
      for (let tries = 1; ; tries++) {
        const verdict = await way.collector.send(request);
        if (verdict.kind !== 'later' || tries >= MAX_TRIES || this.#closing) return verdict;
        this.#tell(verdict);
        await this.#wait(Math.max(verdict.afterMs ?? 0, this.#backoff.nextMs()));
      }
    } catch (error) {
      return { kind: 'refused', why: messageOf(error) };
    }
  }

  /** What cannot be loaded once may be there the next time. */
  #opened(): Promise<Way> {
    if (this.#way !== undefined) return this.#way;
    const way = this.#settings.open();
    this.#way = way;
    way.catch(() => {
      this.#way = undefined;
    });
    return way;
  }

  /** Ends early when the exporter is closed. */
  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#settings.clock.after(delayMs, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #drop(reason: DropReason, count: number): void {
    if (count > 0) this.drops.set(reason, (this.drops.get(reason) ?? 0) + count);
  }

  /** Once when it begins to fail, and once when it goes again. */
  #tell(verdict: Verdict): void {
    const failing = verdict.kind !== 'accepted';
    if (failing === this.#failing) return;
    this.#failing = failing;
    const { logger } = this.#settings;
    if (failing) logger.warn('spans cannot be exported', { reason: verdict.why });
    else logger.info('spans are exported again');
  }
}

function ignore(): void {}
