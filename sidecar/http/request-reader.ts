/**
 * Reads the requests of a connection out of its bytes, in whatever pieces those come, and no faster than they are used:
 *
 *     head ──▶ exchange ──▶ head        the next request
 *      │           └──────▶ discard     answered before the request was complete: its rest is read for nothing
 *      ├──▶ fetching ──▶ head           the routes are on their way
 *      ├──▶ delay ──▶ exchange          a rule holds the request back
 *      └──▶ over                        nothing more is read as a request
 *
 * What came too early is kept: the rest of a head, what was pipelined, the body of a request that is held back.
 */
import { Unread } from '#sidecar/tcp/unread.ts';
import type { Wire } from '#sidecar/tcp/wire.ts';
import { Fault } from './fault.ts';
import type { Head } from './head.ts';
import type { HttpSettings } from './http-settings.ts';
import { IncomingBody } from './incoming-body.ts';
import { LF } from './octets.ts';
import { scanRequest } from './scan-request.ts';

/** Hears of requests as they are read. Bytes are valid only during the call. */
export interface RequestListener {
  /** The present request has an exchange, which its body belongs to. */
  readonly exchanged: boolean;
  /** Body bytes can be passed on now. */
  readonly takesBody: boolean;
  /** A head has begun to come. */
  onHeadBegan(): void;
  /**
   * A head was scanned from `at` to `headEnd`: its body is begun, unless the request has to wait for its routes. Returns
   * the offset up to which `bytes[at, length)` is used.
   */
  onHead(bytes: Buffer, at: number, headEnd: number, length: number): number;
  /** More of the body is `bytes[0, end)`. */
  onBody(bytes: Buffer, end: number): void;
  /** What came is no request: nobody knows where the next one begins. */
  onFault(fault: number): void;
  /** The request and its response are through. */
  onThrough(): void;
  /** The rest of a request that was answered is too long to be read for nothing. */
  onRestTooLong(): void;
}

/** Bytes of a request that is held back are read up to this; without reading, a client that leaves goes unseen. */
const MAX_HELD_BYTES = 64 * 1024;

export class RequestReader {
  state: 'head' | 'fetching' | 'delay' | 'exchange' | 'discard' | 'over' = 'head';
  readonly #listener: RequestListener;
  readonly #wire: Wire;
  /** Shared: what it says is used before the head of another connection is scanned. */
  readonly #head: Head;
  readonly #body: IncomingBody;
  readonly #unread = new Unread();
  #serving = false;
  /** Body bytes that came while the request was held back wait for its exchange. */
  #held = false;

  constructor(listener: RequestListener, wire: Wire, { head, limits }: HttpSettings) {
    this.#listener = listener;
    this.#wire = wire;
    this.#head = head;
    this.#body = new IncomingBody(limits.maxBodyBytes);
  }

  /** A request is under way, or has begun to come. */
  get busy(): boolean {
    return this.state !== 'head' || this.#unread.length > 0;
  }

  /** The present request has come whole. */
  get complete(): boolean {
    return this.#body.done;
  }

  /** Its client leaves out what is still to come of the request. */
  get starved(): boolean {
    const readsBody = this.state === 'exchange' || this.state === 'discard';
    return readsBody && !this.#body.done && this.#mayRead();
  }

  /** The rest of the request is not worth being read; `informed`: its sender was told to go on. */
  restUnwanted(informed: boolean): boolean {
    return this.#body.unwanted(informed);
  }

  onBytes(bytes: Buffer, length: number): void {
    if (this.state === 'head') this.#onHeadBytes(bytes, length);
    else if (this.state === 'exchange' || this.state === 'discard') this.#onBodyBytes(bytes, length);
    else if (this.state === 'fetching') this.#unread.append(bytes, 0, length);
    else if (this.state === 'delay') {
      this.#unread.append(bytes, 0, length);
      this.adjust();
    }
  }

  /** Looks at what was kept once more: it may be served by now, or there is no more to come. */
  retry(): void {
    if (this.state === 'head' && this.#unread.length > 0) this.#serveUnread();
  }

  /** Reads on, or not, as the present state has it. */
  adjust(): void {
    if (this.#held && this.#listener.takesBody) this.#sendHeld();
    if (this.#mayRead()) this.#wire.resume();
    else this.#wire.pause();
  }

  /** Bytes of a chunked body without its framing; undefined of others, and where they are not counted. */
  get chunkBytes(): number | undefined {
    return this.#body.chunkBytes;
  }

  /**
   * Begins the body that the scanned head announces; `counted`: the length of its payload is asked for. Returns the offset up
   * to which it takes `bytes[at, length)`, or a fault.
   */
  beginBody(bytes: Buffer, at: number, length: number, counted: boolean): number {
    this.#body.begin(this.#head, counted);
    return this.#body.take(bytes, at, length);
  }

  /** There is no telling what came: it has no body. */
  withoutBody(): void {
    this.#body.none();
  }

  /** The head that was scanned is looked at again after `settled`. */
  waitFor(settled: Promise<void>): void {
    this.state = 'fetching';
    const goOn = (): void => {
      if (this.state !== 'fetching') return;
      this.state = 'head';
      this.#serveUnread();
    };
    settled.then(goOn, goOn);
  }

  /** The request is held back: what comes of it is kept. */
  hold(): void {
    this.state = 'delay';
  }

  /** The request goes on: what was kept is passed on as soon as it can be. */
  letGo(): void {
    if (this.state === 'delay') this.#held = this.#unread.length > 0 && !this.#body.done;
    this.state = 'exchange';
  }

  /** The response is sent whole: the next request is read, after what is left of the present one. */
  goOn(): void {
    const held = this.#held;
    this.#held = false;
    this.state = this.#body.done ? 'head' : 'discard';
    if (this.state === 'head') this.#next();
    else if (held) this.#sendHeld();
    this.adjust();
  }

  /** Reads no more requests. Returns what was kept, which is the caller's from now on. */
  stop(): Unread {
    this.state = 'over';
    this.#held = false;
    return this.#unread;
  }

  #mayRead(): boolean {
    if (this.state === 'fetching') return false;
    if (this.state === 'delay') return this.#unread.length < MAX_HELD_BYTES;
    if (this.#held) return false;
    if (this.state === 'head') return this.#unread.length === 0 || !this.#wire.blocked;
    if (!this.#listener.exchanged) return true;
    return this.#body.done ? this.#unread.length === 0 : this.#listener.takesBody;
  }

  /** Incomplete lines are not scanned byte by byte. */
  #onHeadBytes(bytes: Buffer, length: number): void {
    if (this.#unread.length === 0) {
      this.#serveRead(bytes, length);
      return;
    }
    this.#unread.append(bytes, 0, length);
    const worthAScan = this.#unread.length > this.#head.maxBytes || bytes.subarray(0, length).includes(LF);
    if (worthAScan) this.#serveUnread();
  }

  #serveUnread(): void {
    const kept = this.#unread.take();
    const at = this.#serve(kept, kept.length);
    if (this.#keeps(at, kept.length)) this.#unread.putBack(kept, at);
    this.adjust();
  }

  #serveRead(bytes: Buffer, length: number): void {
    const at = this.#serve(bytes, length);
    if (this.#keeps(at, length)) this.#unread.append(bytes, at, length);
    this.adjust();
  }

  #keeps(at: number, length: number): boolean {
    return at < length && this.state !== 'over';
  }

  /** Serves the requests in `bytes`, as far as it can now. Returns the offset up to which they are used. */
  #serve(bytes: Buffer, length: number): number {
    const listener = this.#listener;
    const head = this.#head;
    let at = 0;
    this.#serving = true;
    while (at < length && this.state === 'head' && !this.#wire.blocked) {
      const scanned = scanRequest(bytes, at, length, head);
      const end = scanned === 0 && length - at > head.maxBytes ? Fault.headTooLong : scanned;
      if (end === 0) {
        listener.onHeadBegan();
        break;
      }
      if (end < 0) listener.onFault(end);
      at = end < 0 ? length : listener.onHead(bytes, at, end, length);
    }
    this.#serving = false;
    return at;
  }

  /** What came of the body while the request was held back. */
  #sendHeld(): void {
    this.#held = false;
    const kept = this.#unread.take();
    this.#onBodyBytes(kept, kept.length);
  }

  #onBodyBytes(bytes: Buffer, length: number): void {
    if (this.#body.done) {
      this.#unread.append(bytes, 0, length);
      this.adjust();
      return;
    }
    const end = this.#body.take(bytes, 0, length);
    if (end < 0) {
      this.#listener.onFault(end);
      return;
    }
    if (end < length) this.#unread.append(bytes, end, length);
    if (this.#listener.exchanged) this.#listener.onBody(bytes, end);
    else this.#discard(end);
    this.adjust();
  }

  #discard(bytes: number): void {
    if (!this.#body.discard(bytes)) this.#listener.onRestTooLong();
    else if (this.#body.done && this.state === 'discard') {
      this.state = 'head';
      this.#next();
    }
  }

  #next(): void {
    this.#listener.onThrough();
    if (!this.#serving && this.#unread.length > 0) this.#serveUnread();
  }
}
