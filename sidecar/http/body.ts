/**
 * Where a body ends (RFC 9112 §6): after a declared length, after its last chunk, or with the connection.
 * Bytes are passed on as they came, so the body only says how many of them belong to it.
 */
import { ChunkScanner } from './chunks.ts';

export type BodyKind = 'none' | 'length' | 'chunked' | 'close';

/** Takes the payload of chunks when it has to travel without them, to a receiver of HTTP/1.0. */
export interface PayloadSink {
  payload(bytes: Buffer, start: number, end: number): void;
}

/** The framing of one body; an instance is reused for the messages of a connection. */
export class Body {
  kind: BodyKind = 'none';
  /** The body is complete. */
  done = true;
  #remaining = 0;
  #chunks: ChunkScanner | undefined;

  none(): void {
    this.kind = 'none';
    this.done = true;
  }

  length(bytes: number): void {
    this.kind = 'length';
    this.#remaining = bytes;
    this.done = bytes === 0;
  }

  chunked(): void {
    this.kind = 'chunked';
    this.#chunks = new ChunkScanner();
    this.done = false;
  }

  untilClose(): void {
    this.kind = 'close';
    this.done = false;
  }

  /** Bytes still to come, as far as is known: of chunked bodies it never is. */
  get remaining(): number {
    if (this.done) return 0;
    return this.kind === 'length' ? this.#remaining : Number.POSITIVE_INFINITY;
  }

  /** Takes what belongs to the body from `bytes[at, end)`; nothing once it is complete. Returns the offset after it, or a fault. */
  take(bytes: Buffer, at: number, end: number, sink?: PayloadSink): number {
    switch (this.kind) {
      case 'length': {
        const taken = Math.min(this.#remaining, end - at);
        this.#remaining -= taken;
        this.done = this.#remaining === 0;
        return at + taken;
      }
      case 'chunked': {
        if (this.done) return at;
        const next = this.#chunks!.take(bytes, at, end, sink);
        this.done = this.#chunks!.done;
        return next;
      }
      case 'close':
        return end;
      case 'none':
        return at;
    }
  }
}
