/**
 * The server side of a connection: reads requests one after the other, has each routed and exchanged, and keeps order,
 * so that a pipelined request waits until the response before it has been sent.
 */
import type { ListenerTarget } from '#sidecar/discovery/snapshot.ts';
import type { ForwardDecision, RouteTable } from '#sidecar/routing/route-table.ts';
import { Deadline } from '#sidecar/tcp/deadlines.ts';
import { Pump } from '#sidecar/tcp/pump.ts';
import { Unread } from '#sidecar/tcp/unread.ts';
import type { Wire, WireReader } from '#sidecar/tcp/wire.ts';
import type { RequestMeter } from '#sidecar/telemetry/telemetry.ts';
import type { Cluster, OriginalDestination } from '#sidecar/upstream/cluster.ts';
import type { Endpoint } from '#sidecar/upstream/endpoint.ts';
import { Body } from './body.ts';
import { type Downstream, Exchange, type ExchangeSettings, type OutgoingRequest } from './exchange.ts';
import { explain } from './fault.ts';
import { Head } from './head.ts';
import { HeadView } from './head-view.ts';
import {
  DOWNSTREAM_IDLE_MS,
  DRAIN_IDLE_MS,
  HEAD_TIMEOUT_MS,
  LINGER_MS,
  MAX_DISCARDED_BYTES,
  MAX_HEAD_BYTES,
} from './limits.ts';
import { formatLocalReply, type LocalReply } from './local-reply.ts';
import { type Caller, type RequestMeters, UNKNOWN_SERVICE } from './meters.ts';
import { LF, put } from './octets.ts';
import { isHeadRequest, isIdempotent, passesUpgrade } from './request-traits.ts';
import { scanRequest } from './scan-request.ts';
import { type RequestAdditions, requestHeadBound, writeRequest } from './write-head.ts';

/** What the HTTP connections of one direction have in common. */
export interface HttpSettings extends ExchangeSettings {
  readonly additions: RequestAdditions;
  readonly meters: RequestMeters;
  /** Responses close their connections from now on. */
  readonly draining: () => boolean;
}

/** `head`: between requests, or within a head. `linger`: all is said, the peer's bytes are dropped until it closes. */
type State = 'head' | 'fetching' | 'exchange' | 'discard' | 'linger' | 'tunnel' | 'closed';

/** Requests are composed in a buffer of the connection up to this size, which serves the next request too. */
const KEPT_REQUEST_BYTES = 4096;
const NO_BYTES = Buffer.alloc(0);

/** One head is scanned at a time. */
const head = new Head();

export class ServerConnection implements WireReader, Downstream {
  readonly wire: Wire;
  readonly deadline: Deadline = new Deadline(() => this.#exchange?.onDeadline());
  closing = false;
  requestBytes = 0;
  readonly #target: ListenerTarget;
  readonly #original: OriginalDestination;
  readonly #settings: HttpSettings;
  readonly #closed: () => void;
  readonly #fallbackHost: Buffer;
  readonly #view: HeadView;
  readonly #housekeeping: Deadline = new Deadline(() => this.#housekeep());
  readonly #unread = new Unread();
  readonly #body = new Body();
  #state: State = 'head';
  #serving = false;
  #exchange: Exchange | undefined;
  #headOnly = false;
  #discarded = 0;
  #lastUsedMs = 0;
  #composed: Buffer = NO_BYTES;
  #caller: Caller | undefined;

  /** `closed` is called once, when the connection is gone. */
  constructor(
    wire: Wire,
    target: ListenerTarget,
    original: OriginalDestination,
    settings: HttpSettings,
    closed: () => void,
  ) {
    this.wire = wire;
    this.#target = target;
    this.#original = original;
    this.#settings = settings;
    this.#closed = closed;
    const fallbackHost = `${original.address}:${original.port}`;
    this.#fallbackHost = Buffer.from(fallbackHost);
    this.#view = new HeadView(fallbackHost);
    this.#lastUsedMs = settings.clock.nowMs();
    settings.deadlines.set(this.#housekeeping, DOWNSTREAM_IDLE_MS);
  }

  /** A request is under way. */
  get busy(): boolean {
    return this.#state !== 'head' || this.#unread.length > 0;
  }

  get bodyRemaining(): number {
    return this.#body.remaining;
  }

  /** Closes the connection as soon as no request can be lost by it. */
  drain(): void {
    if (!this.busy) this.#settings.deadlines.set(this.#housekeeping, DRAIN_IDLE_MS);
  }

  onBytes(bytes: Buffer, length: number): void {
    switch (this.#state) {
      case 'head':
        this.#onHeadBytes(bytes, length);
        return;
      case 'exchange':
      case 'discard':
        this.#onBodyBytes(bytes, length);
        return;
      case 'fetching':
        this.#unread.append(bytes, 0, length);
        return;
      case 'linger':
        this.#discarded += length;
        if (this.#discarded > MAX_DISCARDED_BYTES) this.wire.destroy();
        return;
    }
  }

  /** As in Envoy, a client that ends its side has gone: HTTP has no half-closed connections worth keeping. */
  onEnd(): void {
    if (this.#state === 'linger' || (this.#state === 'head' && this.#unread.length === 0)) this.wire.end();
    else this.wire.destroy();
  }

  onDrain(): void {
    this.#exchange?.onDownstreamDrain();
    if (this.#state === 'head' && this.#unread.length > 0) this.#serveUnread();
  }

  onClose(): void {
    this.#state = 'closed';
    this.#settings.deadlines.clear(this.#housekeeping);
    this.#settings.deadlines.clear(this.deadline);
    this.#exchange?.cancel();
    this.#exchange = undefined;
    this.#closed();
  }

  adjustReading(): void {
    const exchange = this.#exchange;
    const full = exchange !== undefined && (this.#body.done ? this.#unread.length > 0 : !exchange.takesBody);
    if (full) this.wire.pause();
    else this.wire.resume();
  }

  meter(cluster: Cluster, endpoint: Endpoint | undefined): RequestMeter {
    return this.#settings.meters.of(cluster.service, endpoint, this.#caller);
  }

  reply(reply: LocalReply): void {
    if (this.bodyRemaining > MAX_DISCARDED_BYTES) this.closing = true;
    const wallMs = this.#settings.clock.wallMs();
    const close = this.closing;
    this.wire.sendOwned(formatLocalReply(reply, { close, headOnly: this.#headOnly, wallMs }));
    this.exchangeOver();
  }

  exchangeOver(): void {
    this.#exchange = undefined;
    if (this.closing || this.bodyRemaining > MAX_DISCARDED_BYTES) {
      this.#linger();
      return;
    }
    this.#discarded = 0;
    this.#state = this.#body.done ? 'head' : 'discard';
    this.wire.resume();
    if (this.#state === 'head') this.#requestOver();
  }

  abort(): void {
    this.#exchange = undefined;
    this.wire.reset();
  }

  tunnel(upstream: Wire, closed: (sent: number, received: number) => void): void {
    this.#exchange = undefined;
    this.#state = 'tunnel';
    let sent = 0;
    let received = 0;
    const pump = new Pump(this.wire, upstream, {
      onSent: (bytes) => {
        sent += bytes;
      },
      onReceived: (bytes) => {
        received += bytes;
      },
      onClosed: () => {
        closed(sent, received);
        this.onClose();
      },
    });
    if (this.#unread.length > 0) upstream.sendOwned(this.#unread.take());
    pump.start();
  }

  #onHeadBytes(bytes: Buffer, length: number): void {
    if (this.#unread.length === 0) {
      this.#serve(bytes, length);
      return;
    }
    this.#unread.append(bytes, 0, length);
    if (this.#unread.length > MAX_HEAD_BYTES || bytes.subarray(0, length).includes(LF)) this.#serveUnread();
  }

  #serveUnread(): void {
    const kept = this.#unread.take();
    this.#serve(kept, kept.length);
  }

  /** Serves the requests in `bytes`; what cannot be served yet is kept. */
  #serve(bytes: Buffer, length: number): void {
    let at = 0;
    this.#serving = true;
    while (at < length && this.#state === 'head' && !this.wire.blocked) {
      const end = scanRequest(bytes, at, length, head);
      if (end === 0) {
        this.#settings.deadlines.set(this.#housekeeping, HEAD_TIMEOUT_MS);
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

  /** Serves the request whose head is scanned and ends at `headEnd`. Returns the offset up to which `bytes` is used. */
  #serveOne(bytes: Buffer, at: number, headEnd: number, length: number): number {
    const routes = this.#target.routes();
    if (routes.state === 'fetching') {
      this.#waitFor(routes.settled);
      return at;
    }
    const startMs = this.#settings.clock.nowMs();
    this.#lastUsedMs = startMs;
    this.#begin(bytes);
    const bodyEnd = this.#body.take(bytes, headEnd, length);
    if (bodyEnd < 0) {
      this.#refuse(bodyEnd);
      return length;
    }
    this.requestBytes = bodyEnd - head.start;
    const decision = routes.state === 'found' ? this.#decide(bytes, routes.value) : undefined;
    if (decision === undefined) {
      this.#reject({ status: 404, flag: 'NR', reason: `there are no routes for ${this.#target.name}` });
    } else if (decision.kind === 'reject') this.#reject(decision);
    else this.#exchangeOne(bytes, headEnd, bodyEnd, decision, startMs);
    return bodyEnd;
  }

  #decide(bytes: Buffer, table: RouteTable): ReturnType<RouteTable['select']> {
    this.#view.show(bytes, head);
    return table.select(this.#view);
  }

  /** Notes what the rest of the request needs of its head, which is overwritten by the next scan. */
  #begin(bytes: Buffer): void {
    this.closing = head.close || (head.minor === 0 && !head.keepAlive) || this.#settings.draining();
    this.#headOnly = isHeadRequest(bytes, head);
    this.#caller = this.#settings.meters.caller(bytes, head, this.#caller);
    if (head.chunked) this.#body.chunked();
    else this.#body.length(Math.max(0, head.contentLength));
  }

  #exchangeOne(
    bytes: Buffer,
    bodyStart: number,
    bodyEnd: number,
    decision: ForwardDecision,
    startMs: number,
  ): void {
    const request = this.#compose(bytes, bodyStart, bodyEnd);
    this.#state = 'exchange';
    this.#exchange = new Exchange(this, this.#settings, decision, request, startMs);
    this.#exchange.start();
  }

  #compose(bytes: Buffer, bodyStart: number, bodyEnd: number): OutgoingRequest {
    const { additions } = this.#settings;
    const bound = requestHeadBound(head, additions, this.#fallbackHost) + bodyEnd - bodyStart;
    const out = this.#composeBuffer(bound);
    const upgrade = passesUpgrade(bytes, head);
    const headLength = writeRequest(out, bytes, head, additions, upgrade, this.#fallbackHost);
    return {
      bytes: out,
      length: put(out, headLength, bytes, bodyStart, bodyEnd),
      minor: head.minor,
      headOnly: this.#headOnly,
      upgrade,
      repeatable: !head.chunked && head.contentLength <= 0 && isIdempotent(bytes, head),
      original: this.#original,
    };
  }

  #composeBuffer(bound: number): Buffer {
    if (bound > KEPT_REQUEST_BYTES) return Buffer.allocUnsafe(bound);
    if (this.#composed.length < bound)
      this.#composed = Buffer.allocUnsafe(Math.min(KEPT_REQUEST_BYTES, 2 * bound));
    return this.#composed;
  }

  #onBodyBytes(bytes: Buffer, length: number): void {
    const end = this.#body.take(bytes, 0, length);
    if (end < 0) {
      this.#refuse(end);
      return;
    }
    this.requestBytes += end;
    if (end < length) this.#unread.append(bytes, end, length);
    const exchange = this.#exchange;
    if (exchange === undefined) {
      this.#discarding(end);
      return;
    }
    exchange.sendBody(bytes, 0, end);
    if (this.#body.done) exchange.bodyEnded();
    if (this.#state === 'exchange') this.adjustReading();
  }

  #discarding(bytes: number): void {
    this.#discarded += bytes;
    if (this.#discarded > MAX_DISCARDED_BYTES) {
      this.#linger();
      return;
    }
    if (!this.#body.done) return;
    this.#state = 'head';
    this.#requestOver();
  }

  /** The request and its response are through. */
  #requestOver(): void {
    if (this.#settings.draining()) this.#settings.deadlines.set(this.#housekeeping, DRAIN_IDLE_MS);
    if (!this.#serving && this.#unread.length > 0) this.#serveUnread();
  }

  #waitFor(settled: Promise<void>): void {
    this.#state = 'fetching';
    this.wire.pause();
    const goOn = (): void => {
      if (this.#state !== 'fetching') return;
      this.#state = 'head';
      this.#serveUnread();
    };
    settled.then(goOn, goOn);
  }

  /** Answers a request that cannot be understood, and ends the connection: nobody knows where the next one begins. */
  #refuse(fault: number): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.closing = true;
    if (exchange !== undefined && !exchange.refuse()) {
      this.wire.reset();
      return;
    }
    const { status, sentence } = explain(fault);
    if (exchange === undefined) this.#observe(status, 'DPE');
    this.#body.none();
    this.reply({ status, flag: 'DPE', reason: `the request ${sentence}` });
  }

  #reject(reply: LocalReply): void {
    this.#observe(reply.status, reply.flag);
    this.reply(reply);
  }

  #observe(status: number, flag: LocalReply['flag']): void {
    const meter = this.#settings.meters.of(UNKNOWN_SERVICE, undefined, this.#caller);
    meter.observe(status, flag, 0, this.requestBytes, 0);
  }

  #linger(): void {
    this.#state = 'linger';
    this.#discarded = 0;
    this.wire.end();
    this.wire.resume();
    this.#settings.deadlines.set(this.#housekeeping, LINGER_MS);
  }

  /** Runs when nothing happened for long: idle connections are closed lazily, so that requests need not re-arm this. */
  #housekeep(): void {
    if (this.#state === 'linger') {
      this.wire.destroy();
      return;
    }
    const { deadlines, clock } = this.#settings;
    if (this.#state === 'head' && this.#unread.length > 0) {
      this.closing = true;
      this.reply({ status: 408, flag: 'DPE', reason: 'the head of the request did not come in time' });
      return;
    }
    const idleMs = clock.nowMs() - this.#lastUsedMs;
    const limitMs = this.#settings.draining() ? DRAIN_IDLE_MS : DOWNSTREAM_IDLE_MS;
    if (this.#state === 'head' && idleMs >= limitMs) {
      this.wire.end();
      return;
    }
    deadlines.set(this.#housekeeping, limitMs);
  }
}
