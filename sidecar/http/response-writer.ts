/** Writes the responses of a connection, in the framing that its peer understands, each head with the body bytes that came with it. */
import type { Wire } from '#sidecar/tcp/wire.ts';
import { largeWriteBuffer, type WriteBuffer, writeBufferFor } from '#sidecar/tcp/write-buffer.ts';
import type { Body } from './body.ts';
import { CHUNK_ADDED_BYTES, LAST_CHUNK, PayloadWriter, putChunk } from './chunk-coding.ts';
import type { Head } from './head.ts';
import type { MessageEdits } from './message-edits.ts';
import { put } from './octets.ts';
import { type Coding, codingFor, cutFraming } from './response-shape.ts';
import { type ConnectionNote, RESPONSE_ADDED_BYTES, writeResponse } from './write-head.ts';

const payload = new PayloadWriter();

/** Bytes of chunks in what is passed on at present. */
const counter = {
  bytes: 0,
  payload(_bytes: Buffer, start: number, end: number): void {
    this.bytes += end - start;
  },
};

export class ResponseWriter {
  readonly wire: Wire;
  /** Bytes of the present response that were sent. */
  sent = 0;
  /** How many of them are heads. */
  headBytes = 0;
  /** How many are the framing of chunks, where that is counted. */
  framingBytes = 0;
  countsPayload = false;
  /** What is changed of the head of the present response. */
  edits: MessageEdits | undefined;
  #coding: Coding = 'as-is';

  constructor(wire: Wire) {
    this.wire = wire;
  }

  /** A 1xx response. */
  informational(bytes: Buffer, head: Head, note: ConnectionNote): void {
    cutFraming(head);
    if (note === 'upgrade' && this.edits !== undefined) {
      this.#editedHead(bytes, head, note, 'as-is', this.edits);
      return;
    }
    const buffer = writeBufferFor(head.end - head.start + RESPONSE_ADDED_BYTES);
    this.#send(buffer, writeResponse(buffer.bytes, bytes, head, note, 'as-is', undefined));
    this.headBytes = this.sent;
  }

  /** Whether the connection must end with this response, since HTTP/1.0 has no other way to tell where it ends. */
  choose(head: Head, body: Body, minor: number): boolean {
    this.#coding = codingFor(body, head, minor);
    return minor === 0 && (this.#coding === 'remove-chunks' || body.kind === 'close');
  }

  /** The head, and the body bytes in `bytes[at, length)`. Returns the offset after those, or a fault. */
  first(bytes: Buffer, head: Head, note: ConnectionNote, body: Body, at: number, length: number): number {
    const { edits } = this;
    const added = RESPONSE_ADDED_BYTES + CHUNK_ADDED_BYTES + (edits === undefined ? 0 : edits.block.length);
    const bound = head.end - head.start + length - at + added;
    if (edits !== undefined && bound > largeWriteBuffer.size) {
      this.#editedHead(bytes, head, note, this.#coding, edits);
      return this.more(bytes, body, at, length);
    }
    const buffer = writeBufferFor(bound);
    const written = writeResponse(buffer.bytes, bytes, head, note, this.#coding, edits);
    this.headBytes = this.sent + written;
    return this.#body(buffer, written, bytes, body, at, length);
  }

  /** A head alone, however long its edits are. */
  #editedHead(bytes: Buffer, head: Head, note: ConnectionNote, coding: Coding, edits: MessageEdits): void {
    const bound = head.end - head.start + RESPONSE_ADDED_BYTES + edits.block.length;
    const out = Buffer.allocUnsafe(bound);
    this.whole(out.subarray(0, writeResponse(out, bytes, head, note, coding, edits)));
    this.headBytes = this.sent;
  }

  /** The body bytes in `bytes[at, length)`. Returns the offset after them, or a fault. */
  more(bytes: Buffer, body: Body, at: number, length: number): number {
    return this.#body(writeBufferFor(length - at + CHUNK_ADDED_BYTES), 0, bytes, body, at, length);
  }

  /** The body is complete. */
  last(): void {
    if (this.#coding !== 'add-chunks') return;
    this.framingBytes += LAST_CHUNK.length;
    this.whole(LAST_CHUNK);
  }

  /** Bytes that stay as they are. */
  whole(bytes: Buffer): void {
    this.sent += bytes.length;
    this.wire.sendOwned(bytes);
  }

  #body(buffer: WriteBuffer, written: number, bytes: Buffer, body: Body, at: number, length: number): number {
    payload.out = buffer.bytes;
    payload.at = written;
    const unwrap = this.#coding === 'remove-chunks';
    const sink = unwrap ? payload : this.countsPayload ? counter : undefined;
    counter.bytes = 0;
    const end = body.take(bytes, at, length, sink);
    if (end < 0) return end;
    let total = payload.at;
    if (this.#coding === 'add-chunks') {
      total = putChunk(buffer.bytes, total, bytes, at, end);
      this.framingBytes += total - written - (end - at);
    } else if (!unwrap) {
      total = put(buffer.bytes, total, bytes, at, end);
      if (this.countsPayload && body.kind === 'chunked') this.framingBytes += end - at - counter.bytes;
    }
    if (total > 0) this.#send(buffer, total);
    return end;
  }

  #send(buffer: WriteBuffer, length: number): void {
    this.sent += length;
    this.wire.send(buffer, length);
  }
}
