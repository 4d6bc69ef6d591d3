/**
 * What a TLS client says before it encrypts: the server name and the application protocols of its ClientHello (RFC 8446
 * §4.1.2, RFC 6066 §3, RFC 7301). Only these are read; whether the rest makes sense is for the server of the handshake.
 *
 * The message may be cut into any number of records, and those into any number of reads. It is looked at from its
 * beginning each time, but decoded only once it is whole.
 */

export interface ClientHello {
  /** In lower case; '' when the client names none. */
  readonly serverName: string;
  /** As offered, best first; empty when the client offers none. */
  readonly protocols: readonly string[];
}

/** Longest hello that is looked at, records' heads included: real ones stay below 4 KiB, post-quantum ones included. */
export const MAX_HELLO_BYTES: number = 16 * 1024;

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const RECORD_HEAD_BYTES = 5;
const MAX_RECORD_BYTES = 16 * 1024;
const MESSAGE_HEAD_BYTES = 4;
const SERVER_NAME_EXTENSION = 0;
const ALPN_EXTENSION = 16;
const HOST_NAME = 0;
const NAME = /^[a-z0-9_.-]{1,255}$/;

/** Reads the hello in `bytes[0, length)`. `more`: its beginning is there. `not-tls`: these bytes are no hello. */
export function readClientHello(bytes: Buffer, length: number): ClientHello | 'more' | 'not-tls' {
  const message = assemble(bytes, length);
  if (typeof message === 'string') return message;
  return decode(message) ?? 'not-tls';
}

/**
 * The body of the first handshake message, put together from its records. They are walked over until it is whole, and
 * copied only then: a client may send thousands of records of one byte each, in as many reads.
 */
function assemble(bytes: Buffer, length: number): Buffer | 'more' | 'not-tls' {
  const head = Buffer.alloc(MESSAGE_HEAD_BYTES);
  let gathered = 0;
  let wanted = MESSAGE_HEAD_BYTES;
  let at = 0;
  while (gathered < wanted) {
    if (!mayBeRecord(bytes, at, length)) return 'not-tls';
    if (length - at < RECORD_HEAD_BYTES) return awaitMore(length);
    const end = at + RECORD_HEAD_BYTES + bytes.readUInt16BE(at + 3);
    const there = Math.min(end, length);
    if (gathered < MESSAGE_HEAD_BYTES) bytes.copy(head, gathered, at + RECORD_HEAD_BYTES, there);
    gathered += there - at - RECORD_HEAD_BYTES;
    wanted = messageSize(head, gathered);
    if (wanted < 0) return 'not-tls';
    if (gathered < wanted && end > length) return awaitMore(length);
    at = end;
  }
  return payload(bytes, Math.min(at, length)).subarray(MESSAGE_HEAD_BYTES, wanted);
}

/** What the records of `bytes[0, length)` hold, the last one as far as it is there. */
function payload(bytes: Buffer, length: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < length; ) {
    const end = at + RECORD_HEAD_BYTES + bytes.readUInt16BE(at + 3);
    pieces.push(bytes.subarray(at + RECORD_HEAD_BYTES, Math.min(end, length)));
    at = end;
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

function awaitMore(length: number): 'more' | 'not-tls' {
  return length < MAX_HELLO_BYTES ? 'more' : 'not-tls';
}

/** Whether what is there of a record's head is of a handshake of some SSL 3 or TLS. */
function mayBeRecord(bytes: Buffer, at: number, length: number): boolean {
  const there = length - at;
  if (there > 0 && bytes[at] !== HANDSHAKE_RECORD) return false;
  if (there > 1 && bytes[at + 1] !== 3) return false;
  if (there > 2 && bytes[at + 2]! > 4) return false;
  if (there < RECORD_HEAD_BYTES) return true;
  const size = bytes.readUInt16BE(at + 3);
  return size > 0 && size <= MAX_RECORD_BYTES;
}

/** Bytes that the message has with its head; as much as is needed to know while that is not there; -1: no hello. */
function messageSize(head: Buffer, gathered: number): number {
  if (gathered > 0 && head[0] !== CLIENT_HELLO) return -1;
  if (gathered < MESSAGE_HEAD_BYTES) return MESSAGE_HEAD_BYTES;
  const size = MESSAGE_HEAD_BYTES + head.readUIntBE(1, 3);
  return size > MAX_HELLO_BYTES ? -1 : size;
}

/** Steps through length-prefixed fields; a step beyond the end marks the reader as failed. */
class Fields {
  failed = false;
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get empty(): boolean {
    return this.failed || this.#at === this.#bytes.length;
  }

  number(size: 1 | 2): number {
    const bytes = this.take(size);
    return this.failed ? 0 : bytes.readUIntBE(0, size);
  }

  /** A field that a length of `prefix` bytes precedes. */
  field(prefix: 1 | 2): Buffer {
    return this.take(this.number(prefix));
  }

  take(size: number): Buffer {
    if (this.failed || this.#at + size > this.#bytes.length) {
      this.failed = true;
      return NOTHING;
    }
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }
}

const NOTHING = Buffer.alloc(0);
const VERSION_AND_RANDOM_BYTES = 2 + 32;

function decode(body: Buffer): ClientHello | undefined {
  const fields = new Fields(body);
  fields.take(VERSION_AND_RANDOM_BYTES);
  const session = fields.field(1);
  const suites = fields.field(2);
  const compressions = fields.field(1);
  const senseless = session.length > 32 || suites.length === 0 || compressions.length === 0;
  if (fields.failed || senseless || suites.length % 2 !== 0) return undefined;
  if (fields.empty) return { serverName: '', protocols: [] };
  const extensions = fields.field(2);
  return fields.failed || !fields.empty ? undefined : decodeExtensions(new Fields(extensions));
}

function decodeExtensions(extensions: Fields): ClientHello | undefined {
  let serverName: string | undefined;
  let protocols: readonly string[] | undefined;
  while (!extensions.empty) {
    const kind = extensions.number(2);
    const value = extensions.field(2);
    if (kind === SERVER_NAME_EXTENSION) {
      if (serverName !== undefined) return undefined;
      serverName = decodeServerName(new Fields(value));
      if (serverName === undefined) return undefined;
    } else if (kind === ALPN_EXTENSION) {
      if (protocols !== undefined) return undefined;
      protocols = decodeProtocols(new Fields(value));
      if (protocols === undefined) return undefined;
    }
  }
  return extensions.failed ? undefined : { serverName: serverName ?? '', protocols: protocols ?? [] };
}

/** A list of which only the host name is defined, once (RFC 6066 §3). */
function decodeServerName(value: Fields): string | undefined {
  const list = new Fields(value.field(2));
  const kind = list.number(1);
  const name = list.field(2).toString('latin1').toLowerCase();
  const whole = !value.failed && value.empty && !list.failed && list.empty;
  return whole && kind === HOST_NAME && NAME.test(name) ? name : undefined;
}

function decodeProtocols(value: Fields): string[] | undefined {
  const list = new Fields(value.field(2));
  const protocols: string[] = [];
  while (!list.empty) protocols.push(list.field(1).toString('latin1'));
  const whole = !value.failed && value.empty && !list.failed;
  return whole && protocols.length > 0 && !protocols.includes('') ? protocols : undefined;
}
