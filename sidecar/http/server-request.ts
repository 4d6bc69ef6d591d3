/**
 * The present request of a connection, from its head to the end of its response: what was decided of it is carried out
 * here. A rule answers it, or it is exchanged with an upstream, perhaps after a delay that a rule wants. One instance
 * serves the requests of a connection one after the other.
 */
import { hashRequest } from '#sidecar/routing/request-hash.ts';
import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type {
  DirectDecision,
  ForwardDecision,
  HashRule,
  RedirectDecision,
  RouteDecision,
  RouteTable,
} from '#sidecar/routing/route-table.ts';
import { Deadline } from '#sidecar/tcp/deadlines.ts';
import type { Wire } from '#sidecar/tcp/wire.ts';
import type { RequestMeter } from '#sidecar/telemetry/telemetry.ts';
import type { Cluster, OriginalDestination } from '#sidecar/upstream/cluster.ts';
import type { Endpoint } from '#sidecar/upstream/endpoint.ts';
import type { Answered } from './answer-log.ts';
import { DelayedMeter } from './delayed-meter.ts';
import type { Downstream, OutgoingRequest } from './downstream.ts';
import { Exchange } from './exchange.ts';
import { drawFault, FaultDelay, type InjectedFault } from './fault-injection.ts';
import type { Head } from './head.ts';
import { HeadView } from './head-view.ts';
import type { HttpSettings } from './http-settings.ts';
import { failureInWords, formatLocal, type LocalReply, type LocalResponse } from './local-reply.ts';
import { editsOf, type MessageEdits, makeEdits } from './message-edits.ts';
import { type Caller, UNKNOWN_SERVICE } from './meters.ts';
import type { MirrorExchange } from './mirror.ts';
import { outgoingInWords } from './outgoing-in-words.ts';
import type { RequestCarrier } from './request-carrier.ts';
import { changesOf } from './request-changes.ts';
import { RequestComposer } from './request-composer.ts';
import { budgetOf, remember } from './request-timing.ts';
import { isHeadRequest } from './request-traits.ts';
import { ResponseWriter } from './response-writer.ts';
import { directAnswer, judgeCors, redirectTo } from './rule-answers.ts';
import { startMirrors } from './start-mirrors.ts';

export class ServerRequest implements Downstream {
  readonly response: ResponseWriter;
  readonly deadline: Deadline = new Deadline(() => this.#exchange?.onDeadline());
  closing = false;
  requestBytes = 0;
  readonly #carrier: RequestCarrier;
  readonly #wire: Wire;
  readonly #settings: HttpSettings;
  readonly #composer: RequestComposer;
  readonly #view: HeadView;
  #exchange: Exchange | undefined;
  /** What was decided, and what is sent; undefined before there is any. */
  #decision: RouteDecision | undefined;
  #outgoing: OutgoingRequest | undefined;
  /** The view shows this request. */
  #shown = false;
  #startMs = 0;
  #delay: FaultDelay | undefined;
  /** A rule held it back. */
  #delayed = false;
  #mirrors: readonly MirrorExchange[] | undefined;
  #caller: Caller | undefined;
  #headOnly = false;

  constructor(carrier: RequestCarrier, wire: Wire, original: OriginalDestination, settings: HttpSettings) {
    const fallbackHost = hostOf(original);
    this.#carrier = carrier;
    this.#wire = wire;
    this.#settings = settings;
    this.response = new ResponseWriter(wire);
    this.#composer = new RequestComposer(settings.added, original, fallbackHost);
    this.#view = new HeadView(fallbackHost, settings.scheme);
  }

  get draining(): boolean {
    return this.#carrier.draining;
  }

  get requestComplete(): boolean {
    return this.#carrier.requestComplete;
  }

  get restUnwanted(): boolean {
    return this.#carrier.restUnwanted;
  }

  /** Its exchange is under way. */
  get exchanged(): boolean {
    return this.#exchange !== undefined;
  }

  /** Body bytes can be passed on now. */
  get takesBody(): boolean {
    return this.#exchange?.takesBody === true;
  }

  /** The request was heard of before its body came. */
  get informed(): boolean {
    return this.#exchange?.informed === true;
  }

  /** A head was scanned: notes what the rest of the request needs of it, which the next scan overwrites. */
  begin(bytes: Buffer, head: Head, nowMs: number): void {
    this.#reset(nowMs);
    this.closing = head.close || (head.minor === 0 && !head.keepAlive);
    this.#headOnly = isHeadRequest(bytes, head);
    this.#caller = this.#settings.meters.caller(bytes, head, this.#caller);
  }

  /** What is known of the request before says nothing about one that cannot be read. */
  beginUnread(): void {
    this.#reset(this.#settings.clock.nowMs());
    this.#headOnly = false;
  }

  /** Carries out what `routes` decide of the request. Its body bytes so far are `bytes[headEnd, bodyEnd)`. */
  serve(routes: RouteTable, bytes: Buffer, head: Head, headEnd: number, bodyEnd: number): void {
    this.#view.show(bytes, head);
    this.#shown = true;
    const refusal = this.#settings.rateLimit?.judge(this.#startMs, this.#settings.random());
    if (refusal !== undefined) {
      this.fail(refusal);
      return;
    }
    const decision = routes.select(this.#view);
    this.#decision = decision;
    if (decision.kind === 'forward') this.#forward(decision, bytes, head, headEnd, bodyEnd);
    else if (decision.kind === 'reject') this.fail(decision);
    else this.#answerByRule(decision);
  }

  /** More of the body. */
  sendBody(bytes: Buffer, end: number): void {
    const complete = this.#carrier.requestComplete;
    this.#exchange!.sendBody(bytes, 0, end);
    if (this.#mirrors !== undefined) {
      for (const mirror of this.#mirrors) {
        mirror.sendBody(bytes, 0, end);
        if (complete) mirror.bodyEnded();
      }
    }
    if (complete) this.#exchange?.bodyEnded();
  }

  onDownstreamDrain(): void {
    this.#exchange?.onDownstreamDrain();
  }

  /** The client is gone. */
  cancel(): void {
    this.#settings.deadlines.clear(this.deadline);
    this.#delay?.cancel();
    this.#endMirrors();
    this.#exchange?.cancel();
    this.#exchange = undefined;
  }

  /** Answers a request that turned out not to be understood. False when a response is on its way already. */
  refuse(reply: LocalReply): boolean {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.closing = true;
    if (exchange === undefined) {
      this.fail(reply);
      return true;
    }
    if (!exchange.refuse(reply.status)) return false;
    this.reply(reply);
    this.exchangeOver();
    return true;
  }

  /** Answers a request that no exchange was made for. */
  fail(reply: LocalReply): void {
    this.reply(reply);
    this.#count(reply.status, reply.flag, this.#settings.meters.of(UNKNOWN_SERVICE, undefined, this.#caller));
    this.exchangeOver();
  }

  meter(cluster: Cluster, endpoint: Endpoint | undefined): RequestMeter {
    const meter = this.#settings.meters.of(cluster.service, endpoint, this.#caller);
    return this.#delayed ? new DelayedMeter(meter) : meter;
  }

  adjustReading(): void {
    this.#carrier.adjustReading();
  }

  reply(reply: LocalReply): void {
    this.#answer(failureInWords(reply, this.#settings.hop), reply.flag, reply.reason);
  }

  exchangeOver(): void {
    this.#exchange = undefined;
    if (this.#mirrors !== undefined) this.#endMirrors();
    this.#carrier.requestOver();
  }

  abort(): void {
    this.#exchange = undefined;
    this.#carrier.abort();
  }

  tunnel(upstream: Wire, closed: (received: number) => void): void {
    this.#exchange = undefined;
    this.#carrier.tunnel(upstream, closed);
  }

  #reset(nowMs: number): void {
    this.#startMs = nowMs;
    this.#decision = undefined;
    this.#outgoing = undefined;
    this.#shown = false;
    this.#delayed = false;
    this.response.edits = undefined;
    this.response.sent = 0;
    this.requestBytes = 0;
  }

  #forward(decision: ForwardDecision, bytes: Buffer, head: Head, headEnd: number, bodyEnd: number): void {
    if (decision.responseEdits !== undefined) this.response.edits = editsOf(decision.responseEdits);
    if (decision.cors !== undefined && this.#answersPreflight(decision)) return;
    const changes = changesOf(decision, this.#view);
    if (changes !== undefined && 'wrong' in changes) {
      this.#failByRule(`the rewrite of route "${decision.route}" ${changes.wrong}`);
      return;
    }
    const { inherits, remembers, random } = this.#settings;
    const countAttempts = decision.countAttempts === true;
    const budget = budgetOf(bytes, head, decision, inherits, this.#startMs);
    const outgoing = this.#composer.compose(bytes, head, headEnd, bodyEnd, countAttempts, changes, budget);
    outgoing.remembered = remember(bytes, head, budget, remembers);
    if (decision.hash !== undefined) outgoing.hash = this.#hash(decision.hash);
    this.#outgoing = outgoing;
    const exchange = new Exchange(this, this.#settings, decision, outgoing, this.#startMs);
    this.#exchange = exchange;
    const fault =
      decision.fault === undefined ? undefined : drawFault(decision.fault, decision.route, random);
    if (fault === undefined) this.#start(exchange, decision, outgoing, this.#startMs);
    else this.#inject(fault, exchange, decision, outgoing);
  }

  #start(exchange: Exchange, decision: ForwardDecision, outgoing: OutgoingRequest, nowMs: number): void {
    this.#carrier.letGo();
    if (decision.mirrors !== undefined) {
      const complete = this.#carrier.requestComplete;
      this.#mirrors = startMirrors(decision, outgoing, complete, this.#settings, this.#settings.mirrors);
    }
    exchange.start(nowMs);
  }

  /**
   * Holds the request back, then aborts it or lets it go. As in Envoy, the route's timeout does not run meanwhile; the
   * caller's own time does, and a request that is late by then is not sent.
   */
  #inject(
    fault: InjectedFault,
    exchange: Exchange,
    decision: ForwardDecision,
    outgoing: OutgoingRequest,
  ): void {
    const { clock, deadlines } = this.#settings;
    if (fault.delayMs === 0) {
      exchange.onFailed(fault.abort!);
      return;
    }
    const leftMs = (outgoing.budget?.deadlineMs ?? Number.POSITIVE_INFINITY) - this.#startMs;
    this.#carrier.hold();
    this.#delayed = true;
    this.#delay = new FaultDelay(deadlines, Math.max(1, Math.ceil(Math.min(fault.delayMs, leftMs))), () => {
      this.#delay = undefined;
      if (fault.abort === undefined) this.#start(exchange, decision, outgoing, clock.nowMs());
      else {
        this.#carrier.letGo();
        exchange.onFailed(fault.abort);
      }
      this.#carrier.adjustReading();
    });
  }

  /** What the balancer is to go by; a cookie that the client does not have yet is set with the response. */
  #hash(rules: readonly HashRule[]): number | undefined {
    const source = this.#wire.socket.remoteAddress ?? '';
    const { hash, cookie } = hashRequest(rules, this.#view, source, this.#settings.random);
    if (cookie !== undefined) {
      this.#edit(makeEdits({ remove: [], set: [], add: [{ name: 'set-cookie', value: cookie }] }));
    }
    return hash;
  }

  #edit(edits: MessageEdits): void {
    this.response.edits = this.response.edits?.followedBy(edits) ?? edits;
  }

  /** True when CORS answers the request itself. */
  #answersPreflight({ cors, cluster }: ForwardDecision): boolean {
    const verdict = judgeCors(cors!, this.#view);
    if (verdict.edits !== undefined) this.#edit(verdict.edits);
    if (verdict.preflight === undefined) return false;
    this.response.edits = undefined;
    this.#answerAtOnce(verdict.preflight, this.meter(cluster, undefined));
    return true;
  }

  /** What a rule answers by itself is no failure. */
  #answerByRule(decision: RedirectDecision | DirectDecision): void {
    if (decision.responseEdits !== undefined) this.response.edits = editsOf(decision.responseEdits);
    const local = decision.kind === 'direct' ? directAnswer(decision) : redirectTo(decision, this.#view);
    if (local === undefined) {
      this.#failByRule(`the redirect of route "${decision.route}" leads to what is no location`);
    } else {
      this.#answerAtOnce(local, this.#settings.meters.of(UNKNOWN_SERVICE, undefined, this.#caller));
    }
  }

  #failByRule(reason: string): void {
    this.fail({ status: 500, flag: 'NR', reason });
  }

  #answerAtOnce(local: LocalResponse, meter: RequestMeter): void {
    this.#answer(local, '-', '');
    this.#count(local.status, '-', meter);
    this.exchangeOver();
  }

  #count(status: number, flag: ResponseFlag, meter: RequestMeter): void {
    meter.observe(status, flag, this.#elapsedMs(), this.requestBytes, this.response.sent);
  }

  #answer(local: LocalResponse, flag: ResponseFlag, reason: string): void {
    if (this.restUnwanted || this.draining) this.closing = true;
    const { edits } = this.response;
    const wallMs = this.#settings.clock.wallMs();
    this.response.whole(formatLocal(local, { close: this.closing, headOnly: this.#headOnly, wallMs, edits }));
    this.#settings.answers.write(() => this.#inWords(local.status, flag, reason));
  }

  #inWords(status: number, flag: ResponseFlag, reason: string): Answered {
    const decision = this.#decision;
    const seen = this.#shown ? this.#view : undefined;
    const route = decision === undefined || decision.kind === 'reject' ? '' : decision.route;
    const cluster = decision?.kind === 'forward' ? decision.cluster.name : '';
    const request = this.#outgoing === undefined ? seen : outgoingInWords(this.#outgoing);
    return { request, status, flag, reason, route, cluster, durationMs: this.#elapsedMs() };
  }

  #elapsedMs(): number {
    return this.#settings.clock.nowMs() - this.#startMs;
  }

  #endMirrors(): void {
    for (const mirror of this.#mirrors ?? []) mirror.cancel();
    this.#mirrors = undefined;
  }
}

/** The authority of requests that name none: where their connection was going. */
function hostOf({ address, port }: OriginalDestination): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
