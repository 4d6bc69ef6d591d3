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
import { hashRequest } from '#sidecar/routing/request-hash.ts';
import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type {
  DirectDecision,
  ForwardDecision,
  HashRule,
  RedirectDecision,
  RouteDecision,
} from '#sidecar/routing/route-table.ts';
import { Deadline } from '#sidecar/tcp/deadlines.ts';
import { Unread } from '#sidecar/tcp/unread.ts';
import type { Wire, WireReader } from '#sidecar/tcp/wire.ts';
import type { RequestMeter } from '#sidecar/telemetry/telemetry.ts';
import type { Cluster, OriginalDestination } from '#sidecar/upstream/cluster.ts';
import type { Endpoint } from '#sidecar/upstream/endpoint.ts';
import type { AddedLines } from './added-lines.ts';
import type { Answered, AnswerLog } from './answer-log.ts';
import { Body } from './body.ts';
import type { DeadlineMemory } from './deadline-memory.ts';
import { DelayedMeter } from './delayed-meter.ts';
import type { Downstream, OutgoingRequest } from './downstream.ts';
import { Exchange, type ExchangeSettings } from './exchange.ts';
import { explain } from './fault.ts';
import { drawFault, FaultDelay, type InjectedFault } from './fault-injection.ts';
import { Head, NO_LINE } from './head.ts';
import { HeadView } from './head-view.ts';
import { MAX_DISCARDED_BYTES, MAX_HEAD_BYTES } from './limits.ts';
import type { LocalRateLimit } from './local-rate-limit.ts';
import { failureInWords, formatLocal, type LocalReply, type LocalResponse } from './local-reply.ts';
import { editsOf, makeEdits } from './message-edits.ts';
import { type Caller, type RequestMeters, UNKNOWN_SERVICE } from './meters.ts';
import type { MirrorCounts, MirrorExchange } from './mirror.ts';
import { LF } from './octets.ts';
import { outgoingInWords } from './outgoing-in-words.ts';
import { type Impatient, Patience } from './patience.ts';
import { changesOf } from './request-changes.ts';
import { RequestComposer } from './request-composer.ts';
import { budgetOf, remember } from './request-timing.ts';
import { isHeadRequest } from './request-traits.ts';
import { ResponseWriter } from './response-writer.ts';
import { directAnswer, judgeCors, redirectTo } from './rule-answers.ts';
import { scanRequest } from './scan-request.ts';
import { startMirrors } from './start-mirrors.ts';
import { startTunnel } from './tunnel.ts';

/** What the HTTP connections of one direction have in common. */
export interface HttpSettings extends ExchangeSettings {
  readonly added: AddedLines;
  readonly meters: RequestMeters;
  /** From the app: knows the deadlines of the requests that it makes calls for. */
  readonly inherits: DeadlineMemory | undefined;
  /** Responses close their connections from now on. */
  readonly draining: () => boolean;
  /** Which sidecar this is, for those who read its answers: `outbound sidecar of POD.NAMESPACE`. */
  readonly hop: string;
  /** `https` where TLS ends in front of these connections. */
  readonly scheme: 'http' | 'https';
  readonly answers: AnswerLog;
  readonly mirrors: MirrorCounts;
  /** In front of all routes. */
  readonly rateLimit?: LocalRateLimit | undefined;
}

/** Bytes of a request that is held back are read up to this; without reading, a client that leaves goes unseen. */
const MAX_HELD_BYTES = 64 * 1024;

type State = 'head' | 'fetching' | 'delay' | 'exchange' | 'discard' | 'linger' | 'tunnel' | 'closed';

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
  /** What was decided of the present request and what is sent of it; undefined before there is any. */
  #decision: RouteDecision | undefined;
  #request: OutgoingRequest | undefined;
  /** The view shows the present request. */
  #shown = false;
  #startMs = 0;
  #delay: FaultDelay | undefined;
  /** The present request was held back by a rule. */
  #delayed = false;
  /** Body bytes that came while the request was held back wait for the exchange. */
  #held = false;
  #mirrors: readonly MirrorExchange[] | undefined;
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
    this.#view = new HeadView(fallbackHost, settings.scheme);
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
    this.#exchange?.onDownstreamDrain();
    if (this.#state === 'head' && this.#unread.length > 0) this.#serveUnread();
  }

  onClose(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#patience.stop();
    this.#settings.deadlines.clear(this.deadline);
    this.#delay?.cancel();
    this.#endMirrors();
    this.#exchange?.cancel();
    this.#exchange = undefined;
    this.#closed();
  }

  adjustReading(): void {
    if (this.#held && this.#exchange?.takesBody === true) this.#sendHeld();
    if (this.#mayRead()) this.#wire.resume();
    else this.#wire.pause();
  }

  meter(cluster: Cluster, endpoint: Endpoint | undefined): RequestMeter {
    const meter = this.#settings.meters.of(cluster.service, endpoint, this.#caller);
    return this.#delayed ? new DelayedMeter(meter) : meter;
  }

  reply(reply: LocalReply): void {
    this.#answer(failureInWords(reply, this.#settings.hop), reply.flag, reply.reason);
  }

  exchangeOver(): void {
    this.#exchange = undefined;
    const held = this.#held;
    this.#held = false;
    if (this.#mirrors !== undefined) this.#endMirrors();
    if (this.closing || this.restUnwanted) {
      this.#linger();
      return;
    }
    this.#discarded = 0;
    this.#state = this.#body.done ? 'head' : 'discard';
    if (this.#state === 'head') this.#goOn();
    else if (held) this.#sendHeld();
    this.adjustReading();
  }

  abort(): void {
    this.#exchange = undefined;
    this.#wire.reset();
  }

  tunnel(upstream: Wire, closed: (received: number) => void): void {
    this.#exchange = undefined;
    this.#state = 'tunnel';
    const sent = (bytes: number): void => {
      this.requestBytes += bytes;
    };
    startTunnel(this.#wire, upstream, this.#unread, sent, (received) => {
      closed(received);
      this.onClose();
    });
  }

  #mayRead(): boolean {
    if (this.#state === 'fetching') return false;
    if (this.#state === 'delay') return this.#unread.length < MAX_HELD_BYTES;
    if (this.#held) return false;
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
    this.#shown = true;
    const { rateLimit } = this.#settings;
    if (rateLimit !== undefined) {
      const refusal = rateLimit.judge(startMs, this.#settings.random());
      if (refusal !== undefined) {
        this.#refuseWith(refusal);
        return bodyEnd;
      }
    }
    const decision = routes.state === 'found' ? routes.value.select(this.#view) : this.#noRoutes();
    this.#decision = decision;
    if (decision.kind === 'forward') this.#forward(decision, bytes, headEnd, bodyEnd);
    else if (decision.kind === 'reject') this.#refuseWith(decision);
    else this.#answerByRule(decision);
    return bodyEnd;
  }

  #forward(decision: ForwardDecision, bytes: Buffer, headEnd: number, bodyEnd: number): void {
    if (decision.responseEdits !== undefined) this.response.edits = editsOf(decision.responseEdits);
    if (decision.cors !== undefined && this.#answersPreflight(decision)) return;
    const changes = changesOf(decision, this.#view);
    if (changes !== undefined && 'wrong' in changes) {
      const reason = `the rewrite of route "${decision.route}" ${changes.wrong}`;
      this.#refuseWith({ status: 500, flag: 'NR', reason });
      return;
    }
    const countAttempts = decision.countAttempts === true;
    const { inherits, remembers } = this.#settings;
    const budget = budgetOf(bytes, head, decision, inherits, this.#startMs);
    const request = this.#composer.compose(bytes, head, headEnd, bodyEnd, countAttempts, changes, budget);
    request.remembered = remember(bytes, head, budget, remembers);
    if (decision.hash !== undefined) request.hash = this.#hash(decision.hash);
    this.#request = request;
    this.#exchange = new Exchange(this, this.#settings, decision, request, this.#startMs);
    const fault =
      decision.fault === undefined
        ? undefined
        : drawFault(decision.fault, decision.route, this.#settings.random);
    if (fault === undefined) this.#startExchange(decision, request);
    else this.#inject(fault, decision, request);
  }

  #startExchange(decision: ForwardDecision, request: OutgoingRequest): void {
    this.#state = 'exchange';
    if (decision.mirrors !== undefined) {
      const { mirrors } = this.#settings;
      this.#mirrors = startMirrors(decision, request, this.#body.done, this.#settings, mirrors);
    }
    this.#exchange!.start(this.#delayed ? this.#settings.clock.nowMs() : this.#startMs);
  }

  /** What the balancer is to go by; a cookie that the client does not have yet is set with the response. */
  #hash(rules: readonly HashRule[]): number | undefined {
    const source = this.#wire.socket.remoteAddress ?? '';
    const { hash, cookie } = hashRequest(rules, this.#view, source, this.#settings.random);
    if (cookie !== undefined) {
      const edits = makeEdits({ remove: [], set: [], add: [{ name: 'set-cookie', value: cookie }] });
      this.response.edits = this.response.edits?.followedBy(edits) ?? edits;
    }
    return hash;
  }

  /** True when CORS answers the request itself. */
  #answersPreflight({ cors, cluster }: ForwardDecision): boolean {
    const verdict = judgeCors(cors!, this.#view);
    if (verdict.edits !== undefined) {
      this.response.edits = this.response.edits?.followedBy(verdict.edits) ?? verdict.edits;
    }
    if (verdict.preflight === undefined) return false;
    this.response.edits = undefined;
    this.#answerAtOnce(verdict.preflight, this.meter(cluster, undefined));
    return true;
  }

  /** What a rule answers by itself is no failure. */
  #answerByRule(decision: RedirectDecision | DirectDecision): void {
    if (decision.responseEdits !== undefined) this.response.edits = editsOf(decision.responseEdits);
    const local = decision.kind === 'direct' ? directAnswer(decision) : redirectTo(decision, this.#view);
    if (local !== undefined) {
      this.#answerAtOnce(local, this.#settings.meters.of(UNKNOWN_SERVICE, undefined, this.#caller));
      return;
    }
    const reason = `the redirect of route "${decision.route}" leads to what is no location`;
    this.#refuseWith({ status: 500, flag: 'NR', reason });
  }

  #answerAtOnce(local: LocalResponse, meter: RequestMeter): void {
    this.#answer(local, '-', '');
    meter.observe(local.status, '-', this.#elapsedMs(), this.requestBytes, this.response.sent);
    this.exchangeOver();
  }

  /**
   * Holds the request back, then aborts it or lets it go. As in Envoy, the route's timeout does not run meanwhile; the
   * caller's own time does, and a request that is late by then is not sent.
   */
  #inject(fault: InjectedFault, decision: ForwardDecision, request: OutgoingRequest): void {
    if (fault.delayMs === 0) {
      this.#exchange!.onFailed(fault.abort!);
      return;
    }
    const leftMs = (request.budget?.deadlineMs ?? Number.POSITIVE_INFINITY) - this.#startMs;
    const delayMs = Math.max(1, Math.ceil(Math.min(fault.delayMs, leftMs)));
    this.#state = 'delay';
    this.#delayed = true;
    this.#delay = new FaultDelay(this.#settings.deadlines, delayMs, () => {
      this.#delay = undefined;
      this.#held = this.#unread.length > 0 && !this.#body.done;
      if (fault.abort === undefined) this.#startExchange(decision, request);
      else this.#exchange!.onFailed(fault.abort);
      this.adjustReading();
    });
  }

  /** What came of the body while the request was held back. */
  #sendHeld(): void {
    this.#held = false;
    const kept = this.#unread.take();
    this.#onBodyBytes(kept, kept.length);
  }

  #endMirrors(): void {
    for (const mirror of this.#mirrors ?? []) mirror.cancel();
    this.#mirrors = undefined;
  }

  #answer(local: LocalResponse, flag: ResponseFlag, reason: string): void {
    if (this.restUnwanted || this.draining) this.closing = true;
    const wallMs = this.#settings.clock.wallMs();
    const { edits } = this.response;
    this.response.whole(formatLocal(local, { close: this.closing, headOnly: this.#headOnly, wallMs, edits }));
    this.#settings.answers.write(() => this.#inWords(local.status, flag, reason));
  }

  #inWords(status: number, flag: ResponseFlag, reason: string): Answered {
    const decision = this.#decision;
    const sent = this.#request;
    const shown = this.#shown ? this.#view : undefined;
    return {
      request: sent === undefined ? shown : outgoingInWords(sent),
      status,
      flag,
      reason,
      route: decision === undefined || decision.kind === 'reject' ? '' : decision.route,
      cluster: decision?.kind === 'forward' ? decision.cluster.name : '',
      durationMs: this.#elapsedMs(),
    };
  }

  #elapsedMs(): number {
    return this.#settings.clock.nowMs() - this.#startMs;
  }

  #noRoutes(): RouteDecision {
    const reason = `there are no routes for ${this.#target.name}`;
    return { kind: 'reject', status: 404, flag: 'NR', reason };
  }

  /** Notes what the rest of the request needs of its head, which the next scan overwrites. */
  #begin(bytes: Buffer, nowMs: number): void {
    this.#patience.headEnded(nowMs);
    this.#startMs = nowMs;
    this.#decision = undefined;
    this.#request = undefined;
    this.#shown = false;
    this.#delayed = false;
    this.response.edits = undefined;
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
      if (this.#mirrors !== undefined) this.#mirrorBody(bytes, end);
      if (this.#body.done) this.#exchange.bodyEnded();
    }
    this.adjustReading();
  }

  #mirrorBody(bytes: Buffer, end: number): void {
    for (const mirror of this.#mirrors ?? []) {
      mirror.sendBody(bytes, 0, end);
      if (this.#body.done) mirror.bodyEnded();
    }
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
    this.#startMs = this.#settings.clock.nowMs();
    this.#decision = undefined;
    this.#request = undefined;
    this.#shown = false;
    this.response.edits = undefined;
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
