/**
 * How long a collector asks to be left alone. Over gRPC it says so in a `google.rpc.RetryInfo` among the details of its
 * status (`grpc-status-details-bin`, a `google.rpc.Status`), over HTTP in `Retry-After`.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';
/** Nobody is left alone for longer: the queue is full long before. */
const LONGEST_MS = 300_000;

/** Milliseconds; undefined when the details say nothing of it or cannot be read. */
export function retryInfoIn(detailsBin: string): number | undefined {
  try {
    for (const any of fieldsOf(Buffer.from(detailsBin, 'base64'), 3)) {
      const type = Buffer.from(fieldsOf(any, 1)[0] ?? []).toString('utf8');
      const info = fieldsOf(any, 2)[0];
      if (type !== RETRY_INFO || info === undefined) continue;
      return durationMs(fieldsOf(info, 1)[0] ?? new Uint8Array());
    }
  } catch {
    return undefined;
  }
  return undefined;
}

/** Seconds or a date (RFC 9110 §10.2.3); milliseconds from `wallMs` on. */
export function retryAfterIn(value: string | undefined, wallMs: number): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - wallMs;
  return Number.isNaN(ms) ? undefined : within(ms);
}

/** The values of a field of a message that are messages, texts or bytes. */
function fieldsOf(message: Uint8Array, wanted: number): Uint8Array[] {
  const reader = new BinaryReader(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [no, type] = reader.tag();
    if (no === wanted && type === WireType.LengthDelimited) found.push(reader.bytes());
    else reader.skip(type, no);
  }
  return found;
}

/** A google.protobuf.Duration. */
function durationMs(message: Uint8Array): number {
  const reader = new BinaryReader(message);
  let ms = 0;
  while (reader.pos < reader.len) {
    const [no, type] = reader.tag();
    if (no === 1 && type === WireType.Varint) ms += Number(reader.int64()) * 1000;
    else if (no === 2 && type === WireType.Varint) ms += reader.int32() / 1e6;
    else reader.skip(type, no);
  }
  return within(ms);
}

function within(ms: number): number {
  return Math.min(Math.max(ms, 0), LONGEST_MS);
}
