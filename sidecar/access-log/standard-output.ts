/**
 * The one writer of standard output, for access logs and for what the program says itself: two writers of one pipe tear
 * each other's lines, since only short writes to a pipe are whole (PIPE_BUF, 4 KiB). Lines are gathered and written
 * asynchronously, one write at a time. `process.stdout` would not do: to a pipe it writes synchronously, and a reader
 * that stands still would hold up all traffic. What a slow reader leaves no room for is dropped and counted.
 */
import type { Clock, Timer } from '#api/foundation/clock.ts';
import { codeOf } from '#api/foundation/errors.ts';
import type { LineSink } from './line-sink.ts';

const BATCH_BYTES = 64 * 1024;
/** 1 MiB: some seconds of a busy sidecar's lines. */
const MAX_BATCHES = 16;
/** How long a line may wait for company. */
const GATHER_MS = 100;
/** A pipe that is full is tried again so soon, and then less and less often: mostly its reader was only not scheduled. */
const FIRST_RETRY_MS = 1;
const LAST_RETRY_MS = 64;

/** Writes octets of a batch and says how many it took; as `fs.write`. */
export type WriteOctets = (
  octets: Buffer,
  start: number,
  length: number,
  done: (error: Error | null, written: number) => void,
) => void;

interface Batch {
  readonly octets: Buffer;
  /** Octets that are filled, and of these those that were written. */
  used: number;
  written: number;
  /** Access log lines in it. */
  lines: number;
  /** Not to wait for company. */
  isUrgent: boolean;
}

export class StandardOutput implements LineSink {
  readonly #write: WriteOctets;
  readonly #clock: Clock;
  /** The first is being written, the last filled. */
  readonly #batches: Batch[] = [];
  #spare: Buffer | undefined;
  #timer: Timer | undefined;
  #isWriting = false;
  #retryMs = FIRST_RETRY_MS;
  /** Told when nothing is left to write. */
  readonly #waiting: (() => void)[] = [];
  #dropped = 0;
  #written = 0;

  constructor(write: WriteOctets, clock: Clock) {
    this.#write = write;
    this.#clock = clock;
  }

  /** Access log lines that were handed to the system, and those that were lost. */
  get written(): number {
    return this.#written;
  }

  get dropped(): number {
    return this.#dropped;
  }

  write(octets: Buffer, length: number): boolean {
    const batch = this.#room(length);
    if (batch === undefined) {
      this.#dropped += 1;
      return false;
    }
    batch.used += octets.copy(batch.octets, batch.used, 0, length);
    batch.lines += 1;
    if (this.#timer === undefined || this.#batches.length > 1) this.#next();
    return true;
  }

  /** A line of the program's own, in any characters; on its way at once. */
  say(line: string): void {
    const octets = Buffer.from(line);
    const batch = this.#room(octets.length);
    if (batch === undefined) return;
    batch.used += octets.copy(batch.octets, batch.used);
    batch.isUrgent = true;
    this.#next();
  }

  /** Resolves when all is written, or after `withinMs`. */
  async flush(withinMs: number): Promise<void> {
    if (this.#batches.length === 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(withinMs, resolve);
      this.#waiting.push(() => {
        timer.cancel();
        resolve();
      });
      this.#next();
    });
  }

  /** The batch that takes so many octets; undefined: there is no room. */
  #room(length: number): Batch | undefined {
    const last = this.#batches.at(-1);
    const isOpen = last !== undefined && !(this.#isWriting && this.#batches.length === 1);
    if (isOpen && last.used + length <= BATCH_BYTES) return last;
    if (length > BATCH_BYTES || this.#batches.length >= MAX_BATCHES) return undefined;
    const octets = this.#spare ?? Buffer.allocUnsafeSlow(BATCH_BYTES);
    const batch = { octets, used: 0, written: 0, lines: 0, isUrgent: false };
    this.#spare = undefined;
    this.#batches.push(batch);
    return batch;
  }

  #next(): void {
    if (this.#isWriting) return;
    const batch = this.#batches[0];
    if (batch === undefined) {
      for (const tell of this.#waiting.splice(0)) tell();
    } else if (batch.isUrgent || this.#batches.length > 1 || this.#waiting.length > 0) {
      this.#begin(batch);
    } else {
      this.#timer ??= this.#clock.after(GATHER_MS, () => this.#begin(batch));
    }
  }

  #begin(batch: Batch): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isWriting = true;
    this.#write(batch.octets, batch.written, batch.used - batch.written, (error, written) =>
      this.#went(batch, error, written),
    );
  }

  #went(batch: Batch, error: Error | null, written: number): void {
    if (error !== null && codeOf(error) === 'EAGAIN') {
      this.#clock.after(this.#retryMs, () => this.#begin(batch));
      this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
      return;
    }
    this.#retryMs = FIRST_RETRY_MS;
    if (error === null) batch.written += written;
    if (error === null && batch.written < batch.used) {
      this.#begin(batch);
      return;
    }
    if (error === null) this.#written += batch.lines;
    else this.#dropped += batch.lines;
    this.#isWriting = false;
    this.#batches.shift();
    this.#spare = batch.octets;
    this.#next();
  }
}
