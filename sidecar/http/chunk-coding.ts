import type { PayloadSink } from './body.ts';
import { octets, putAll } from './octets.ts';

const CRLF = octets('\r\n');
export const LAST_CHUNK: Buffer = Buffer.from('0\r\n\r\n');

/** Bytes that `putChunk` adds at most. */
export const CHUNK_ADDED_BYTES = 16;

/** Writes `bytes[start, end)` as one chunk; returns the offset after it. Nothing is written for nothing. */
export function putChunk(out: Buffer, at: number, bytes: Buffer, start: number, end: number): number {
  if (end === start) return at;
  let p = at + out.write((end - start).toString(16), at, 'latin1');
  p = putAll(out, p, CRLF);
  p += bytes.copy(out, p, start, end);
  return putAll(out, p, CRLF);
}

/** Collects the payload of chunks in a write buffer. */
export class PayloadWriter implements PayloadSink {
  out: Buffer = LAST_CHUNK;
  at = 0;

  payload(bytes: Buffer, start: number, end: number): void {
    bytes.copy(this.out, this.at, start, end);
    this.at += end - start;
  }
}
