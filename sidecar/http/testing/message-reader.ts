/**
 * Reads one side of a connection with the codec, message after message, whatever pieces its bytes come in: what the
 * connections of the data path do, without sockets, so that tables, properties and the fuzzer can look at the verdicts.
 */
import { Body, type BodyKind } from '../body.ts';
import { Head } from '../head.ts';
import { frameResponse } from '../response-shape.ts';
import { scanRequest } from '../scan-request.ts';
import { scanResponse } from '../scan-response.ts';

export interface ReadMessage {
  /** `METHOD TARGET`, or the status. */
  readonly start: string;
  readonly minor: number;
  readonly framing: BodyKind;
  /** Content without its framing, latin1. */
  content: string;
  complete: boolean;
  /** Offset after it, once it is complete. */
  end: number;
}

/**
 * How it stands: between two messages; within a head or a body; nothing more is read, since the connection ends with
 * the last message or its bytes are another protocol's; or refused.
 */
export type Standing = 'between' | 'in-head' | 'in-body' | 'over' | 'refused';

export interface Reading {
  readonly messages: readonly ReadMessage[];
  readonly standing: Standing;
  /** Why it was refused, 0 otherwise. */
  readonly fault: number;
}

/** Whose bytes they are. Responses: to one request, of this method. */
export type Side = 'request' | 'response' | 'response to HEAD';

export class MessageReader {
  readonly messages: ReadMessage[] = [];
  standing: Standing = 'between';
  fault = 0;
  readonly #side: Side;
  readonly #head: Head;
  readonly #body = new Body();
  /** What waits for the rest of its head. */
  #unread: Buffer = Buffer.alloc(0);
  /** Bytes that were read before those. */
  #read = 0;
  #last = false;

  /** `head` says how long heads may be. */
  constructor(side: Side, head: Head = new Head()) {
    this.#side = side;
    this.#head = head;
  }

  feed(piece: Buffer): void {
    const bytes = Buffer.concat([this.#unread, piece]);
    let at = 0;
    while (at < bytes.length && this.standing !== 'over' && this.standing !== 'refused') {
      const next = this.standing === 'in-body' ? this.#readBody(bytes, at) : this.#readHead(bytes, at);
      if (next === at) break;
      at = next;
    }
    this.#unread = bytes.subarray(at);
    this.#read += at;
  }

  /** The peer has ended its side. */
  end(): void {
    if (this.standing !== 'in-body' || this.#body.kind !== 'close') return;
    this.#body.done = true;
    this.#complete(0);
  }

  get reading(): Reading {
    const { messages, standing, fault } = this;
    return { messages, standing, fault };
  }

  /** Returns the offset after the head, `at` when it is not complete. */
  #readHead(bytes: Buffer, at: number): number {
    const head = this.#head;
    const scan = this.#side === 'request' ? scanRequest : scanResponse;
    const end = scan(bytes, at, bytes.length, head);
    if (end < 0) return this.#refuse(end, bytes.length);
    this.standing = end === 0 ? 'in-head' : 'in-body';
    if (end === 0) return at;
    this.#frame();
    this.messages.push({
      start: this.#startOf(bytes),
      minor: head.minor,
      framing: this.#body.kind,
      content: '',
      complete: false,
      end: 0,
    });
    if (this.#body.done) this.#complete(end);
    return end;
  }

  #readBody(bytes: Buffer, at: number): number {
    const message = this.messages.at(-1)!;
    const chunked = this.#body.kind === 'chunked';
    const sink = {
      payload: (from: Buffer, start: number, end: number): void => {
        message.content += from.toString('latin1', start, end);
      },
    };
    const end = this.#body.take(bytes, at, bytes.length, sink);
    if (end < 0) return this.#refuse(end, bytes.length);
    if (!chunked) message.content += bytes.toString('latin1', at, end);
    if (this.#body.done) this.#complete(end);
    return end;
  }

  #frame(): void {
    const head = this.#head;
    if (this.#side === 'request') {
      if (head.chunked) this.#body.chunked();
      else this.#body.length(Math.max(0, head.contentLength));
      if (this.#body.done) this.#body.none();
      this.#last = head.close || (head.minor === 0 && !head.keepAlive);
      return;
    }
    frameResponse(this.#body, head, this.#side === 'response to HEAD');
    if (head.status < 200) this.#body.none();
    this.#last = head.status >= 200 || head.status === 101;
    if (this.#body.done) this.#body.none();
  }

  #startOf(bytes: Buffer): string {
    const head = this.#head;
    if (this.#side !== 'request') return String(head.status);
    const method = bytes.toString('latin1', head.start, head.methodEnd);
    return `${method} ${bytes.toString('latin1', head.targetStart, head.targetEnd)}`;
  }

  #complete(at: number): void {
    const message = this.messages.at(-1)!;
    message.complete = true;
    message.end = this.#read + at;
    this.standing = this.#last ? 'over' : 'between';
  }

  #refuse(fault: number, length: number): number {
    this.standing = 'refused';
    this.fault = fault;
    return length;
  }
}

/** Reads `text` in pieces that end at `cuts` (taken modulo its length), then the end of the connection. */
export function readMessages(
  side: Side,
  text: string,
  cuts: readonly number[] = [],
  head: Head = new Head(),
): Reading {
  const reader = new MessageReader(side, head);
  const ends = new Set([...cuts.map((cut) => cut % (text.length + 1)), text.length]);
  let at = 0;
  for (const end of [...ends].sort((a, b) => a - b)) {
    if (end > at) reader.feed(Buffer.from(text.slice(at, end), 'latin1'));
    at = end;
  }
  reader.end();
  return reader.reading;
}
