/**
 * The server side of a connection: reads requests one after the other, has each routed and exchanged, and keeps order,
 * so that a pipelined request waits until the response before it has been sent.
 *
 *     head ──▶ exchange ──▶ head        the next request
 *      │           └──────▶ discard     answered before the request was complete: its rest is read for nothing
 *      ├──▶ fetching ──▶ head           the routes are on their way
 *      ├──▶ delay ──▶ exchange          a rule holds the request back
 *      └──▶ linger                      all is said: the peer's bytes are dropped until it closes (RFC 9112 §9.6)
 */
import type { ListenerTarget } from '#sidecar/discovery/snapshot.ts';
import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type { RouteTable } from '#sidecar/routing/route-table.ts';
import { Unread } from '#sidecar/tcp/unread.ts';
import type { Wire, WireReader } from '#sidecar/tcp/wire.ts';
import type { OriginalDestination } from '#sidecar/upstream/cluster.ts';
import { explain, Fault } from './fault.ts';
import type { HttpSettings } from './http-settings.ts';
import { IncomingBody } from './incoming-body.ts';
import { idleStream, lateHead, lateRequest, longStream } from './late-clients.ts';
import type { LocalReply } from './local-reply.ts';
import { LF } from './octets.ts';
import { type Impatient, Patience } from './patience.ts';
import type { RequestCarrier } from './request-carrier.ts';
import { scanRequest } from './scan-request.ts';
import { excessInWords } from './server-limits.ts';
import { ServerRequest } from './server-request.ts';
import { StreamTimers, type Timed } from './stream-timers.ts';
import { Tunnel } from './tunnel.ts';

/** Bytes of a request that is held back are read up to this; without reading, a client that leaves goes unseen. */
const MAX_HELD_BYTES = 64 * 1024;

type State = 'head' | 'fetching' | 'delay' | 'exchange' | 'discard' | 'linger' | 'tunnel' | 'closed';

export class ServerConnection implements WireReader, RequestCarrier, Impatient, Timed {
  readonly #wire: Wire;
  readonly #target: ListenerTarget;
  readonly #settings: HttpSettings;
  readonly #closed: () => void;
  readonly #request: ServerRequest;
  readonly #patience: Patience;
  readonly #unread = new Unread();
  readonly #body: IncomingBody;
  /** Undefined where requests may take as long as they like. */
  readonly #timers: StreamTimers | undefined;
  #state: State = 'head';
  #serving = false;
  /** This connection is wanted to end, whatever becomes of the others. */
  #ending = false;
  /** Body bytes that came while the request was held back wait for its exchange. */
  #held = false;
  /** Requests so far. */
  #requests = 0;
  #tunnel: Tunnel | undefined;

  /** `closed` is called once, when the connection is gone. */
  constructor(
    wire: Wire,
    target: ListenerTarget,
    original: OriginalDestination,
    settings: HttpSettings,
    closed: () => void,
  ) {
    this.#wire = wire;
    this.#target = target;
    this.#settings = settings;
    this.#closed = closed;
    this.#request = new ServerRequest(this, wire, original, settings);
    this.#body = new IncomingBody(settings.limits.maxBodyBytes);
    this.#timers = StreamTimers.for(this, settings.deadlines, settings.limits);
    this.#patience = new Patience(this, settings.clock, settings.deadlines, settings.limits);
  }

  /** A request is under way. */
  get busy(): boolean {
    return this.#state !== 'head' || this.#unread.length > 0;
  }

  get idle(): boolean {
    return this.#state === 'head';
  }

  get blocked(): boolean {
    return this.#wire.blocked;
  }

  get draining(): boolean {
    return this.#ending || this.#settings.draining();
  }

  get progress(): number {
    return this.#wire.socket.bytesRead + this.#request.response.sent + this.#requests;
  }

  /** It does not take its response, or leaves out what is still to come of its request. */
  get owed(): boolean {
    const waitsForBody = this.#state === 'exchange' || this.#state === 'discard';
    return this.#wire.blocked || (waitsForBody && !this.#body.done && this.#mayRead());
  }

  get requestComplete(): boolean {
    return this.#body.done;
  }

  get restUnwanted(): boolean {
    return this.#body.unwanted(this.#request.informed);
  }

  /** Closes the connection as soon as no request can be lost by it. */
  drain(): void {
    this.#ending = true;
    if (!this.busy) this.#patience.idleInDrain();
  }

  onBytes(bytes: Buffer, length: number): void {
    if (this.#state === 'head') this.#onHeadBytes(bytes, length);
    else if (this.#state === 'exchange' || this.#state === 'discard') this.#onBodyBytes(bytes, length);
    else if (this.#state === 'fetching') this.#unread.append(bytes, 0, length);
    else if (this.#state === 'delay') {
      this.#unread.append(bytes, 0, length);
      this.adjustReading();
    }
  }

  /**
   * As in Envoy, a client that ends its side has gone: HTTP has no use for half-closed connections. What it sent last
   * is looked at once more, since incomplete lines are not scanned byte by byte.
   */
  onEnd(): void {
    if (this.#state === 'head' && this.#unread.length > 0) this.#serveUnread();
    if (this.#state === 'linger' || (this.#state === 'head' && this.#unread.length === 0)) this.#wire.end();
    else this.#wire.destroy();
  }

  onDrain(): void {
    this.#request.onDownstreamDrain();
    if (this.#state === 'head' && this.#unread.length > 0) this.#serveUnread();
  }

  onClose(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#patience.stop();
    this.#timers?.end();
    this.#request.cancel();
    this.#closed();
  }

  adjustReading(): void {
    if (this.#held && this.#request.takesBody) this.#sendHeld();
    if (this.#mayRead()) this.#wire.resume();
    else this.#wire.pause();
  }

  hold(): void {
    this.#state = 'delay';
  }

  letGo(): void {
    if (this.#state === 'delay') this.#held = this.#unread.length > 0 && !this.#body.done;
    this.#state = 'exchange';
  }

  requestOver(): void {
    this.#timers?.end();
    const held = this.#held;
    this.#held = false;
    if (this.#request.closing || this.restUnwanted) {
      this.#linger();
      return;
    }
    this.#state = this.#body.done ? 'head' : 'discard';
    if (this.#state === 'head') this.#goOn();
    else if (held) this.#sendHeld();
    this.adjustReading();
  }

  abort(): void {
    this.#wire.reset();
  }

  tunnel(upstream: Wire, closed: (flag: ResponseFlag) => void): void {
    const request = this.#request;
    this.#state = 'tunnel';
    this.#tunnel = new Tunnel(this.#wire, upstream, this.#unread, {
      onSent: (bytes) => {
        request.requestBytes += bytes;
      },
      onReceived: (bytes) => {
        request.response.sent += bytes;
      },
      onClosed: (flag) => {
        closed(flag);
        this.onClose();
      },
    });
  }

  #mayRead(): boolean {
    if (this.#state === 'fetching') return false;
    if (this.#state === 'delay') return this.#unread.length < MAX_HELD_BYTES;
    if (this.#held) return false;
    if (this.#state === 'head') return this.#unread.length === 0 || !this.#wire.blocked;
    if (!this.#request.exchanged) return true;
    return this.#body.done ? this.#unread.length === 0 : this.#request.takesBody;
  }

  #onHeadBytes(bytes: Buffer, length: number): void {
    if (this.#unread.length === 0) {
      this.#serve(bytes, length);
      return;
    }
    this.#unread.append(bytes, 0, length);
    const worthAScan =
      this.#unread.length > this.#settings.limits.maxHeadBytes || bytes.subarray(0, length).includes(LF);
    if (worthAScan) this.#serveUnread();
  }

  #serveUnread(): void {
    const kept = this.#unread.take();
    this.#serve(kept, kept.length);
  }

  /** Serves the requests in `bytes`; what cannot be served yet is kept. */
  #serve(bytes: Buffer, length: number): void {
    const { head } = this.#settings;
    let at = 0;
    this.#serving = true;
    while (at < length && this.#state === 'head' && !this.#wire.blocked) {
      const scanned = scanRequest(bytes, at, length, head);
      const end = scanned === 0 && length - at > head.maxBytes ? Fault.headTooLong : scanned;
      if (end === 0) {
        this.#patience.headBegan();
        break;
      }
      if (end < 0) this.#refuse(end);
      at = end < 0 ? length : this.#serveOne(bytes, at, end, length);
    }
    this.#serving = false;
    if (at < length && this.#state !== 'linger' && this.#state !== 'closed') {
      this.#unread.append(bytes, at, length);
    }
    this.adjustReading();
  }

  /** Serves the request whose head was scanned from `at` to `headEnd`. Returns the offset up to which `bytes` is used. */
  #serveOne(bytes: Buffer, at: number, headEnd: number, length: number): number {
    const routes = this.#target.routes();
    if (routes.state === 'fetching') {
      this.#waitFor(routes.settled);
      return at;
    }
    const { head, limits } = this.#settings;
    const nowMs = this.#settings.clock.nowMs();
    this.#patience.headEnded(nowMs);
    this.#requests += 1;
    if (this.#requests === limits.maxRequests) this.#ending = true;
    this.#request.begin(bytes, head, nowMs);
    this.#body.begin(head);
    const bodyEnd = this.#body.take(bytes, headEnd, length);
    if (bodyEnd < 0) {
      this.#refuse(bodyEnd);
      return length;
    }
    this.#request.requestBytes = bodyEnd - head.start;
    this.#timers?.begin(this.#body.done);
    const table = routes.state === 'found' ? routes.value : this.#noRoutes();
    this.#request.serve(table, bytes, head, headEnd, bodyEnd);
    return bodyEnd;
  }

  #noRoutes(): RouteTable {
    const { name } = this.#target;
    const reason = `there are no routes for ${name}`;
    return { name, select: () => ({ kind: 'reject', status: 404, flag: 'NR', reason }) };
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
      this.adjustReading();
      return;
    }
    const end = this.#body.take(bytes, 0, length);
    if (end < 0) {
      this.#refuse(end);
      return;
    }
    this.#request.requestBytes += end;
    if (end < length) this.#unread.append(bytes, end, length);
    if (this.#request.exchanged) this.#request.sendBody(bytes, end);
    else this.#discard(end);
    this.adjustReading();
  }

  #discard(bytes: number): void {
    if (!this.#body.discard(bytes)) this.#linger();
    else if (this.#body.done && this.#state === 'discard') {
      this.#state = 'head';
      this.#goOn();
    }
  }

  /** The request and its response are through. */
  #goOn(): void {
    if (this.draining) this.#patience.idleInDrain();
    if (!this.#serving && this.#unread.length > 0) this.#serveUnread();
  }

  #waitFor(settled: Promise<void>): void {
    this.#state = 'fetching';
    const goOn = (): void => {
      if (this.#state !== 'fetching') return;
      this.#state = 'head';
      this.#serveUnread();
    };
    settled.then(goOn, goOn);
  }

  /** Answers a request that cannot be understood, and ends the connection: nobody knows where the next one begins. */
  #refuse(fault: number): void {
    const { status, sentence } = explain(fault);
    const why = excessInWords(fault, this.#settings.limits) ?? sentence;
    if (this.#state === 'head') this.#forgetRequest();
    this.#giveUp({ status, flag: 'DPE', reason: `the request ${why}` });
  }

  /** Ends the connection, with an answer if none is on its way. */
  #giveUp(reply: LocalReply): void {
    if (this.#state === 'discard' || !this.#request.refuse(reply)) this.#cut();
  }

  #cut(): void {
    this.#patience.stop();
    this.#timers?.end();
    this.#wire.reset();
  }

  /** Ends what is under way since its time is over. */
  #timeOut(reply: LocalReply): void {
    if (this.#state === 'tunnel') {
      this.#patience.stop();
      this.#tunnel?.end(reply.flag);
    } else if (this.#state !== 'fetching' && this.#state !== 'linger' && this.#state !== 'closed') {
      this.#giveUp(reply);
    }
  }

  #forgetRequest(): void {
    this.#request.beginUnread();
    this.#body.none();
  }

  #linger(): void {
    this.#state = 'linger';
    this.#unread.take();
    this.#wire.end();
    this.#wire.resume();
    this.#patience.linger();
  }

  onIdleTooLong(): void {
    this.#wire.end();
  }

  onStreamIdle(ms: number): void {
    if (this.#state !== 'delay') this.#timeOut(idleStream(ms, this.#body.done));
  }

  onRequestLate(): void {
    if (!this.#body.done && this.#request.response.sent === 0)
      this.#timeOut(lateRequest(this.#settings.limits));
  }

  onStreamTooLong(): void {
    this.#timeOut(longStream(this.#settings.limits, this.#body.done));
  }

  onHeadLate(): void {
    this.#forgetRequest();
    this.#request.refuse(lateHead(this.#settings.limits));
  }

  onLingerOver(): void {
    this.#wire.destroy();
  }
}
