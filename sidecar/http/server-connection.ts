/**
 * The server side of a connection: has each request that is read routed and exchanged, one after the other, and sees to it
 * that the connection ends when it must, as late as no request is lost by it and as early as its limits say:
 *
 *     open ──▶ linger ──▶ closed      all is said: the peer's bytes are dropped until it closes (RFC 9112 §9.6)
 *       └────▶ tunnel ──▶ closed      the connection carries another protocol
 */
import type { ListenerTarget } from '#sidecar/discovery/snapshot.ts';
import type { RouteTable } from '#sidecar/routing/route-table.ts';
import type { Wire, WireReader } from '#sidecar/tcp/wire.ts';
import type { OriginalDestination } from '#sidecar/upstream/cluster.ts';
import type { Ending } from './ending.ts';
import { detailsOf, explain } from './fault.ts';
import type { HttpSettings } from './http-settings.ts';
import { idleStream, lateHead, lateRequest, longStream } from './late-clients.ts';
import type { LocalReply } from './local-reply.ts';
import { type Impatient, Patience } from './patience.ts';
import type { RequestCarrier } from './request-carrier.ts';
import { type RequestListener, RequestReader } from './request-reader.ts';
import { excessInWords } from './server-limits.ts';
import { ServerRequest } from './server-request.ts';
import { StreamTimers, type Timed } from './stream-timers.ts';
import { Tunnel } from './tunnel.ts';

export class ServerConnection implements WireReader, RequestListener, RequestCarrier, Impatient, Timed {
  readonly #wire: Wire;
  readonly #target: ListenerTarget;
  readonly #settings: HttpSettings;
  readonly #closed: () => void;
  readonly #request: ServerRequest;
  readonly #reader: RequestReader;
  readonly #patience: Patience;
  /** Undefined where requests may take as long as they like. */
  readonly #timers: StreamTimers | undefined;
  #state: 'open' | 'linger' | 'tunnel' | 'closed' = 'open';
  /** This connection is wanted to end, whatever becomes of the others. */
  #ending = false;
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
    this.#reader = new RequestReader(this, wire, settings);
    this.#timers = StreamTimers.for(this, settings.deadlines, settings.limits);
    this.#patience = new Patience(this, settings.clock, settings.deadlines, settings.limits);
  }

  /** A request is under way. */
  get busy(): boolean {
    return this.#reader.busy;
  }

  get idle(): boolean {
    return this.#reader.state === 'head';
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
    return this.#wire.blocked || this.#reader.starved;
  }

  get requestComplete(): boolean {
    return this.#reader.complete;
  }

  get restUnwanted(): boolean {
    return this.#reader.restUnwanted(this.#request.informed);
  }

  get exchanged(): boolean {
    return this.#request.exchanged;
  }

  get takesBody(): boolean {
    return this.#request.takesBody;
  }

  /** Closes the connection as soon as no request can be lost by it. */
  drain(): void {
    this.#ending = true;
    if (!this.busy) this.#patience.idleInDrain();
  }

  onBytes(bytes: Buffer, length: number): void {
    this.#reader.onBytes(bytes, length);
  }

  /** As in Envoy, a client that ends its side has gone: HTTP has no use for half-closed connections. */
  onEnd(): void {
    this.#reader.retry();
    if (this.#state === 'linger' || !this.busy) this.#wire.end();
    else this.#wire.destroy();
  }

  onDrain(): void {
    this.#request.onDownstreamDrain();
    this.#reader.retry();
  }

  onClose(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#reader.stop();
    this.#patience.stop();
    this.#timers?.end();
    this.#request.cancel();
    this.#closed();
  }

  onHeadBegan(): void {
    this.#patience.headBegan();
  }

  onHead(bytes: Buffer, at: number, headEnd: number, length: number): number {
    const routes = this.#target.routes();
    if (routes.state === 'fetching') {
      this.#reader.waitFor(routes.settled);
      return at;
    }
    const { head, limits } = this.#settings;
    const nowMs = this.#settings.clock.nowMs();
    this.#patience.headEnded(nowMs);
    this.#requests += 1;
    if (this.#requests === limits.maxRequests) this.#ending = true;
    this.#request.begin(bytes, head, nowMs);
    const { account } = this.#request;
    const bodyEnd = this.#reader.beginBody(bytes, headEnd, length, account.watched);
    if (bodyEnd < 0) {
      this.onFault(bodyEnd);
      return length;
    }
    account.requestBytes = bodyEnd - head.start;
    account.headBytes = headEnd - head.start;
    account.chunkBytes = this.#reader.chunkBytes;
    this.#timers?.begin(this.#reader.complete);
    const table = routes.state === 'found' ? routes.value : this.#noRoutes();
    this.#request.serve(table, bytes, head, headEnd, bodyEnd);
    return bodyEnd;
  }

  onBody(bytes: Buffer, end: number): void {
    const { account } = this.#request;
    account.requestBytes += end;
    account.chunkBytes = this.#reader.chunkBytes;
    this.#request.sendBody(bytes, end);
  }

  /** Answers what cannot be understood, and ends the connection. */
  onFault(fault: number): void {
    const { status, sentence } = explain(fault);
    const why = excessInWords(fault, this.#settings.limits) ?? sentence;
    if (this.idle) this.#forgetRequest();
    this.#giveUp({ status, flag: 'DPE', details: detailsOf(fault), reason: `the request ${why}` });
  }

  onThrough(): void {
    if (this.draining) this.#patience.idleInDrain();
  }

  onRestTooLong(): void {
    this.#linger();
  }

  adjustReading(): void {
    this.#reader.adjust();
  }

  hold(): void {
    this.#reader.hold();
  }

  letGo(): void {
    this.#reader.letGo();
  }

  requestOver(): void {
    this.#timers?.end();
    if (this.#request.closing || this.restUnwanted) this.#linger();
    else this.#reader.goOn();
  }

  abort(): void {
    this.#wire.reset();
  }

  tunnel(upstream: Wire, closed: (ending: Ending) => void): void {
    const { account, response } = this.#request;
    this.#state = 'tunnel';
    this.#tunnel = new Tunnel(this.#wire, upstream, this.#reader.stop(), {
      onSent: (bytes) => {
        account.requestBytes += bytes;
      },
      onReceived: (bytes) => {
        response.sent += bytes;
      },
      onClosed: (ending) => {
        closed(ending);
        this.onClose();
      },
    });
  }

  #noRoutes(): RouteTable {
    const { name } = this.#target;
    const reason = `there are no routes for ${name}`;
    return { name, select: () => ({ kind: 'reject', status: 404, flag: 'NR', reason }) };
  }

  /** Ends the connection, with an answer if none is on its way. */
  #giveUp(reply: LocalReply): void {
    if (this.#reader.state === 'discard' || !this.#request.refuse(reply)) this.#cut();
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
      this.#tunnel?.end(reply);
    } else if (this.#state === 'open' && this.#reader.state !== 'fetching') this.#giveUp(reply);
  }

  #forgetRequest(): void {
    this.#request.beginUnread();
    this.#reader.withoutBody();
  }

  #linger(): void {
    this.#state = 'linger';
    this.#reader.stop().take();
    this.#wire.end();
    this.#wire.resume();
    this.#patience.linger();
  }

  onIdleTooLong(): void {
    this.#wire.end();
  }

  onStreamIdle(ms: number): void {
    if (this.#reader.state !== 'delay') this.#timeOut(idleStream(ms, this.requestComplete));
  }

  onRequestLate(): void {
    if (this.requestComplete || this.#request.response.sent > 0) return;
    this.#timeOut(lateRequest(this.#settings.limits));
  }

  onStreamTooLong(): void {
    this.#timeOut(longStream(this.#settings.limits, this.requestComplete));
  }

  onHeadLate(): void {
    this.#forgetRequest();
    this.#request.refuse(lateHead(this.#settings.limits));
  }

  onLingerOver(): void {
    this.#wire.destroy();
  }
}
