/** The body of the present request of a connection: what is still to come of it, and whether anybody wants that. */
import { Body, type PayloadSink } from './body.ts';
import { Fault } from './fault.ts';
import { type Head, NO_LINE } from './head.ts';
import { MAX_DISCARDED_BYTES } from './limits.ts';

export class IncomingBody implements PayloadSink {
  readonly #body = new Body();
  readonly #maxBytes: number;
  /** It may never come: its sender waits to be told that it is wanted (RFC 9110 §10.1.1). */
  #waits = false;
  #discarded = 0;
  /** Of a chunked body, what came in its chunks; counted where that is limited or asked for. */
  #payload = 0;
  #counted = false;

  /** What is longer than `maxBytes` is a fault; 0 is no limit. */
  constructor(maxBytes = 0) {
    this.#maxBytes = maxBytes;
  }

  /** All of it has come. */
  get done(): boolean {
    return this.#body.done;
  }

  /** Bytes of a chunked body without its framing, as far as it has come; undefined unless they are counted. */
  get chunkBytes(): number | undefined {
    return this.#counted && this.#body.kind === 'chunked' ? this.#payload : undefined;
  }

  /** The body that a scanned head announces. `counted`: somebody asks for the length of its payload. */
  begin(head: Head, counted = false): void {
    this.#counted = counted;
    this.#waits = head.expect !== NO_LINE;
    this.#discarded = 0;
    this.#payload = 0;
    if (head.chunked) this.#body.chunked();
    else this.#body.length(Math.max(0, head.contentLength));
  }

  /** Nothing comes that could be told from the next request. */
  none(): void {
    this.#body.none();
  }

  /** Takes what belongs to it from `bytes[at, end)`. Returns the offset after it, or a fault. */
  take(bytes: Buffer, at: number, end: number): number {
    if (end > at) this.#waits = false;
    if (this.#maxBytes > 0) return this.#takeLimited(bytes, at, end);
    return this.#body.take(bytes, at, end, this.#counted ? this : undefined);
  }

  payload(_bytes: Buffer, start: number, end: number): void {
    this.#payload += end - start;
  }

  /** Its rest is too long to be read for nothing, or may never come; `informed`: its sender was told to go on. */
  unwanted(informed: boolean): boolean {
    if (this.#body.done) return false;
    const waits = this.#waits && !informed;
    return waits || (this.#body.kind === 'length' && this.#body.remaining > MAX_DISCARDED_BYTES);
  }

  /** Counts bytes that were read for nothing; false when they have become too many. */
  discard(bytes: number): boolean {
    this.#discarded += bytes;
    return this.#discarded <= MAX_DISCARDED_BYTES;
  }

  #takeLimited(bytes: Buffer, at: number, end: number): number {
    if (this.#body.kind === 'length' && this.#body.remaining > this.#maxBytes) return Fault.bodyTooLong;
    const next = this.#body.take(bytes, at, end, this);
    return this.#payload > this.#maxBytes ? Fault.bodyTooLong : next;
  }
}
