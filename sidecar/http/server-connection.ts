/**
 * The server side of a connection: reads requests one after the other, has each routed and exchanged, and keeps order,
 * so that a pipelined request waits until the response before it has been sent.
 *
 *     head ──▶ exchange ──▶ head        the next request
 *      │           └──────▶ discard     answered before the request was complete: its rest is read for nothing
 *      ├──▶ fetching ──▶ head           the routes are on their way
 *      └──▶ linger                      all is said: the peer's bytes are dropped until it closes (RFC 9112 §9.6)
 */
import type { ListenerTarget } from '#sidecar/discovery/snapshot.ts';
import type { RouteDecision } from '#sidecar/routing/route-table.ts';
import { Deadline } from '#sidecar/tcp/deadlines.ts';
import { Pump } from '#sidecar/tcp/pump.ts';
import { Unread } from '#sidecar/tcp/unread.ts';
import type { Wire, WireReader } from '#sidecar/tcp/wire.ts';
import type { RequestMeter } from '#sidecar/telemetry/telemetry.ts';
import type { Cluster, OriginalDestination } from '#sidecar/upstream/cluster.ts';
import type { Endpoint } from '#sidecar/upstream/endpoint.ts';
import type { AddedLines } from './added-lines.ts';
import { Body } from './body.ts';
import type { DeadlineMemory } from './deadline-memory.ts';
import type { Downstream } from './downstream.ts';
import { Exchange, type ExchangeSettings } from './exchange.ts';
import { explain } from './fault.ts';
import { Head, NO_LINE } from './head.ts';
import { HeadView } from './head-view.ts';
import { MAX_DISCARDED_BYTES, MAX_HEAD_BYTES } from './limits.ts';
import { formatLocalReply, type LocalReply } from './local-reply.ts';
import { type Caller, type RequestMeters, UNKNOWN_SERVICE } from './meters.ts';
import { LF } from './octets.ts';
import { type Impatient, Patience } from './patience.ts';
import { RequestComposer } from './request-composer.ts';
import { isHeadRequest } from './request-traits.ts';
import { ResponseWriter } from './response-writer.ts';
import { scanRequest } from './scan-request.ts';

/** What the HTTP connections of one direction have in common. */
export interface HttpSettings extends ExchangeSettings {
  readonly added: AddedLines;
  readonly meters: RequestMeters;
  /** Towards the app: keeps the deadlines of the requests that it gets. */
  readonly remembers: DeadlineMemory | undefined;
  /** From the app: knows the deadlines of the requests that it makes calls for. */
  readonly inherits: DeadlineMemory | undefined;
  /** Responses close their connections from now on. */
  readonly draining: () => boolean;
}

type State = 'head' | 'fetching' | 'exchange' | 'discard' | 'linger' | 'tunnel' | 'closed';

/** One head is scanned at a time. */
const head = new Head();

export class ServerConnection implements WireReader, Downstream, Impatient {
  readonly response: ResponseWriter;
  readonly deadline: Deadline = new Deadline(() => this.#exchange?.onDeadline());
  closing = false;
  requestBytes = 0;
  readonly #wire: Wire;
  readonly #target: ListenerTarget;
  readonly #settings: HttpSettings;
  readonly #closed: () => void;
  readonly #composer: RequestComposer;
  readonly #view: HeadView;
  readonly #patience: Patience;
  readonly #unread = new Unread();
  readonly #body = new Body();
  #state: State = 'head';
  #serving = false;
  #exchange: Exchange | undefined;
  #caller: Caller | undefined;
  #headOnly = false;
  /** The body may never come: its sender waits to be told that it is wanted. */
  #bodyWaits = false;
  #discarded = 0;

  /** `closed` is called once, when the connection is gone. */
  constructor(
    wire: Wire,
    target: ListenerTarget,
    original: OriginalDestination,
    settings: HttpSettings,
    closed: () => void,
  ) {
    const fallbackHost = hostOf(original);
    this.#wire = wire;
    this.#target = target;
    this.#settings = settings;
    this.#closed = closed;
    this.response = new ResponseWriter(wire);
    this.#composer = new RequestComposer(settings.added, original, fallbackHost);
    this.#view = new HeadView(fallbackHost);
    this.#patience = new Patience(this, settings.clock, settings.deadlines);
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
    return this.#settings.draining();
  }

  get requestComplete(): boolean {
    return this.#body.done;
  }

  get restUnwanted(): boolean {
    if (this.#body.done) return false;
    const waits = this.#bodyWaits && this.#exchange?.informed !== true;
    return waits || (this.#body.kind === 'length' && this.#body.remaining > MAX_DISCARDED_BYTES);
  }

  /** Closes the connection as soon as no request can be lost by it. */
  drain(): void {
    if (!this.busy) this.#patience.idleInDrain();
  }

  onBytes(bytes: Buffer, length: number): void {
    if (this.#state === 'head') this.#onHeadBytes(bytes, length);
    else if (this.#state === 'exchange' || this.#state === 'discard') this.#onBodyBytes(bytes, length);
    else if (this.#state === 'fetching') this.#unread.append(bytes, 0, length);
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
    this.#exchange?.onDownstreamDrain();
    if (this.#state === 'head' && this.#unread.length > 0) this.#serveUnread();
  }

  onClose(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#patience.stop();
    this.#settings.deadlines.clear(this.deadline);
    this.#exchange?.cancel();
    this.#exchange = undefined;
    this.#closed();
  }

  adjustReading(): void {
    if (this.#mayRead()) this.#wire.resume();
    else this.#wire.pause();
  }

  meter(cluster: Cluster, endpoint: Endpoint | undefined): RequestMeter {
    return this.#settings.meters.of(cluster.service, endpoint, this.#caller);
  }

  reply(reply: LocalReply): void {
    if (this.restUnwanted || this.draining) this.closing = true;
    const wallMs = this.#settings.clock.wallMs();
    this.response.whole(formatLocalReply(reply, { close: this.closing, headOnly: this.#headOnly, wallMs }));
  }

  exchangeOver(): void {
    this.#exchange = undefined;
    if (this.closing || this.restUnwanted) {
      this.#linger();
      return;
    }
    this.#discarded = 0;
    this.#state = this.#body.done ? 'head' : 'discard';
    if (this.#state === 'head') this.#goOn();
    this.adjustReading();
  }

  abort(): void {
    this.#exchange = undefined;
    this.#wire.reset();
  }

  tunnel(upstream: Wire, closed: (received: number) => void): void {
    this.#exchange = undefined;
    this.#state = 'tunnel';
    let received = 0;
    const pump = new Pump(this.#wire, upstream, {
      onSent: (bytes) => {
        this.requestBytes += bytes;
      },
      onReceived: (bytes) => {
        received += bytes;
      },
      onClosed: () => {
        closed(received);
        this.onClose();
      },
    });
    if (this.#unread.length > 0) upstream.sendOwned(this.#unread.take());
    pump.start();
  }

  #mayRead(): boolean {
    if (this.#state === 'fetching') return false;
    if (this.#state === 'head') return this.#unread.length === 0 || !this.#wire.blocked;
    const exchange = this.#exchange;
    if (exchange === undefined) return true;
    return this.#body.done ? this.#unread.length === 0 : exchange.takesBody;
  }

  #onHeadBytes(bytes: Buffer, length: number): void {
    if (this.#unread.length === 0) {
      this.#serve(bytes, length);
      return;
    }
    this.#unread.append(bytes, 0, length);
    const worthAScan = this.#unread.length > MAX_HEAD_BYTES || bytes.subarray(0, length).includes(LF);
    if (worthAScan) this.#serveUnread();
  }

  #serveUnread(): void {
    const kept = this.#unread.take();
    this.#serve(kept, kept.length);
  }

  /** Serves the requests in `bytes`; what cannot be served yet is kept. */
  #serve(bytes: Buffer, length: number): void {
    let at = 0;
    this.#serving = true;
    while (at < length && this.#state === 'head' && !this.#wire.blocked) {
      const end = scanRequest(bytes, at, length, head);
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
    const startMs = this.#settings.clock.nowMs();
    this.#begin(bytes, startMs);
    const bodyEnd = this.#body.take(bytes, headEnd, length);
    if (bodyEnd < 0) {
      this.#refuse(bodyEnd);
      return length;
    }
    this.requestBytes = bodyEnd - head.start;
    if (bodyEnd > headEnd) this.#bodyWaits = false;
    this.#view.show(bytes, head);
    const decision = routes.state === 'found' ? routes.value.select(this.#view) : this.#noRoutes();
    if (decision.kind === 'redirect' || decision.kind === 'direct') {
      throw new Error(`a decision that is not carried out: ${decision.kind}`);
    }
    if (decision.kind === 'reject') {
      this.#refuseWith(decision);
      return bodyEnd;
    }
    const countAttempts = decision.countAttempts === true;
    const request = this.#composer.compose(bytes, head, headEnd, bodyEnd, countAttempts);
    this.#state = 'exchange';
    this.#exchange = new Exchange(this, this.#settings, decision, request, startMs);
    this.#exchange.start();
    return bodyEnd;
  }

  #noRoutes(): RouteDecision {
    const reason = `there are no routes for ${this.#target.name}`;
    return { kind: 'reject', status: 404, flag: 'NR', reason };
  }

  /** Notes what the rest of the request needs of its head, which the next scan overwrites. */
  #begin(bytes: Buffer, nowMs: number): void {
    this.#patience.headEnded(nowMs);
    this.response.sent = 0;
    this.requestBytes = 0;
    this.closing = head.close || (head.minor === 0 && !head.keepAlive);
    this.#headOnly = isHeadRequest(bytes, head);
    this.#bodyWaits = head.expect !== NO_LINE;
    this.#caller = this.#settings.meters.caller(bytes, head, this.#caller);
    if (head.chunked) this.#body.chunked();
    else this.#body.length(Math.max(0, head.contentLength));
  }

  #onBodyBytes(bytes: Buffer, length: number): void {
    const end = this.#body.take(bytes, 0, length);
    if (end < 0) {
      this.#refuse(end);
      return;
    }
    this.requestBytes += end;
    this.#bodyWaits = false;
    if (end < length) this.#unread.append(bytes, end, length);
    if (this.#exchange === undefined) this.#discard(end);
    else {
      this.#exchange.sendBody(bytes, 0, end);
      if (this.#body.done) this.#exchange.bodyEnded();
    }
    this.adjustReading();
  }

  #discard(bytes: number): void {
    this.#discarded += bytes;
    if (this.#discarded > MAX_DISCARDED_BYTES) this.#linger();
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
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.closing = true;
    if (this.#state === 'head') this.#forgetRequest();
    const answered = this.#state === 'discard' || exchange?.refuse(status) === false;
    if (answered) {
      this.#wire.reset();
      return;
    }
    const reply: LocalReply = { status, flag: 'DPE', reason: `the request ${sentence}` };
    if (exchange === undefined) this.#refuseWith(reply);
    else {
      this.reply(reply);
      this.exchangeOver();
    }
  }

  /** What is known of the request before says nothing about the one that cannot be read. */
  #forgetRequest(): void {
    this.#headOnly = false;
    this.#body.none();
    this.requestBytes = 0;
    this.response.sent = 0;
  }

  /** Answers a request that no exchange was made for. */
  #refuseWith(reply: LocalReply): void {
    this.reply(reply);
    const meter = this.#settings.meters.of(UNKNOWN_SERVICE, undefined, this.#caller);
    meter.observe(reply.status, reply.flag, 0, this.requestBytes, this.response.sent);
    this.exchangeOver();
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

  onHeadLate(): void {
    this.closing = true;
    this.#forgetRequest();
    this.#refuseWith({ status: 408, flag: 'DPE', reason: 'the head of the request did not come in time' });
  }

  onLingerOver(): void {
    this.#wire.destroy();
  }
}

/** The authority of requests that name none: where their connection was going. */
function hostOf({ address, port }: OriginalDestination): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
