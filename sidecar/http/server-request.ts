/**
 * The present request of a connection, from its head to the end of its response: routed, then answered by a rule or
 * forwarded, and told of in words when that fails. One instance serves the requests of a connection one after the other.
 */
import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type {
  DirectDecision,
  ForwardDecision,
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
import { type Forwarded, Forwarder } from './forwarder.ts';
import type { Head } from './head.ts';
import { HeadView } from './head-view.ts';
import type { HttpSettings } from './http-settings.ts';
import { failureInWords, formatLocal, type LocalReply, type LocalResponse } from './local-reply.ts';
import { editsOf } from './message-edits.ts';
import { type Caller, UNKNOWN_SERVICE } from './meters.ts';
import { outgoingInWords } from './outgoing-in-words.ts';
import { noteFor } from './pass-response.ts';
import type { RequestCarrier } from './request-carrier.ts';
import { isHeadRequest } from './request-traits.ts';
import { ResponseWriter } from './response-writer.ts';
import { directAnswer, redirectTo } from './rule-answers.ts';

export class ServerRequest implements Forwarded {
  readonly response: ResponseWriter;
  readonly deadline: Deadline = new Deadline(() => this.#forwarder.exchange?.onDeadline());
  closing = false;
  requestBytes = 0;
  startMs = 0;
  delayed = false;
  readonly #carrier: RequestCarrier;
  readonly #wire: Wire;
  readonly #settings: HttpSettings;
  readonly #forwarder: Forwarder;
  readonly #view: HeadView;
  /** What was decided; undefined before. */
  #decision: RouteDecision | undefined;
  /** The view shows this request. */
  #shown = false;
  #caller: Caller | undefined;
  #headOnly = false;
  /** Minor version of HTTP that the client speaks. */
  #minor = 1;
  /** The concurrency limit counts it among those under way. */
  #admitted = false;

  constructor(carrier: RequestCarrier, wire: Wire, original: OriginalDestination, settings: HttpSettings) {
    const fallbackHost = hostOf(original);
    this.#carrier = carrier;
    this.#wire = wire;
    this.#settings = settings;
    this.response = new ResponseWriter(wire);
    this.#forwarder = new Forwarder(this, carrier, settings, original, fallbackHost);
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

  get source(): string {
    return this.#wire.socket.remoteAddress ?? '';
  }

  /** Its exchange is under way. */
  get exchanged(): boolean {
    return this.#forwarder.exchange !== undefined;
  }

  /** Body bytes can be passed on now. */
  get takesBody(): boolean {
    return this.#forwarder.exchange?.takesBody === true;
  }

  /** The request was heard of before its body came. */
  get informed(): boolean {
    return this.#forwarder.exchange?.informed === true;
  }

  /** A head was scanned: notes what the rest of the request needs of it, which the next scan overwrites. */
  begin(bytes: Buffer, head: Head, nowMs: number): void {
    this.#reset(nowMs);
    this.closing = head.close || (head.minor === 0 && !head.keepAlive);
    this.#headOnly = isHeadRequest(bytes, head);
    this.#minor = head.minor;
    this.#caller = this.#settings.meters.caller(bytes, head, this.#caller);
  }

  /** What is known of the request before says nothing about one that cannot be read. */
  beginUnread(): void {
    this.#reset(this.#settings.clock.nowMs());
    this.#headOnly = false;
    this.#minor = 1;
  }

  /** Carries out what `routes` decide of the request. Its body bytes so far are `bytes[headEnd, bodyEnd)`. */
  serve(routes: RouteTable, bytes: Buffer, head: Head, headEnd: number, bodyEnd: number): void {
    this.#view.show(bytes, head);
    this.#shown = true;
    const refusal = this.#judge();
    if (refusal !== undefined) {
      this.fail(refusal);
      return;
    }
    const decision = routes.select(this.#view);
    this.#decision = decision;
    if (decision.kind === 'forward')
      this.#forwarder.forward(decision, this.#view, bytes, head, headEnd, bodyEnd);
    else if (decision.kind === 'reject') this.fail(decision);
    else this.#answerByRule(decision);
  }

  /** More of the body. */
  sendBody(bytes: Buffer, end: number): void {
    this.#forwarder.sendBody(bytes, end, this.#carrier.requestComplete);
  }

  onDownstreamDrain(): void {
    this.#forwarder.exchange?.onDownstreamDrain();
  }

  /** The client is gone. */
  cancel(): void {
    this.#settings.deadlines.clear(this.deadline);
    this.#forwarder.cancel();
    this.#drop();
  }

  /** Answers a request that turned out not to be understood, or to be too slow. False when a response is on its way already. */
  refuse(reply: LocalReply): boolean {
    const { exchange } = this.#forwarder;
    this.#forwarder.abandon();
    this.closing = true;
    if (exchange === undefined) {
      this.fail(reply);
      return true;
    }
    if (!exchange.refuse(reply.status, reply.flag)) return false;
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
    return this.delayed ? new DelayedMeter(meter) : meter;
  }

  answerPreflight(local: LocalResponse, { cluster }: ForwardDecision): void {
    this.#answerAtOnce(local, this.meter(cluster, undefined));
  }

  adjustReading(): void {
    this.#carrier.adjustReading();
  }

  reply(reply: LocalReply): void {
    this.#answer(failureInWords(reply, this.#settings.hop), reply.flag, reply.reason);
  }

  answered(): void {
    if (!this.#admitted) return;
    this.#admitted = false;
    this.#settings.concurrency?.answered(this.startMs, this.#settings.clock.nowMs());
  }

  exchangeOver(): void {
    this.#forwarder.over();
    this.answered();
    this.#carrier.requestOver();
  }

  abort(): void {
    this.#forwarder.over();
    this.#drop();
    this.#carrier.abort();
  }

  /** As in Envoy, it is under way until the other protocol has ended; how long that takes says nothing of latency. */
  tunnel(upstream: Wire, closed: (flag: ResponseFlag) => void): void {
    this.#forwarder.over();
    this.#carrier.tunnel(upstream, closed);
  }

  #reset(nowMs: number): void {
    this.startMs = nowMs;
    this.#decision = undefined;
    this.#forwarder.outgoing = undefined;
    this.#shown = false;
    this.delayed = false;
    this.response.edits = undefined;
    this.response.sent = 0;
    this.requestBytes = 0;
  }

  /** The limits in front of the routes: the answer to a request that one of them turns away. */
  #judge(): LocalReply | undefined {
    const { rateLimit, concurrency, random } = this.#settings;
    const tooMany = rateLimit?.judge(this.startMs, random());
    if (tooMany !== undefined || concurrency === undefined) return tooMany;
    const noRoom = concurrency.admit(this.startMs);
    this.#admitted = noRoom === undefined;
    return noRoom;
  }

  /** It ends without a whole response. */
  #drop(): void {
    if (!this.#admitted) return;
    this.#admitted = false;
    this.#settings.concurrency?.dropped();
  }

  /** What a rule answers by itself is no failure. */
  #answerByRule(decision: RedirectDecision | DirectDecision): void {
    if (decision.responseEdits !== undefined) this.response.edits = editsOf(decision.responseEdits);
    const local = decision.kind === 'direct' ? directAnswer(decision) : redirectTo(decision, this.#view);
    if (local === undefined) {
      const reason = `the redirect of route "${decision.route}" leads to what is no location`;
      this.fail({ status: 500, flag: 'NR', reason });
    } else {
      this.#answerAtOnce(local, this.#settings.meters.of(UNKNOWN_SERVICE, undefined, this.#caller));
    }
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
    const connection = noteFor(this.closing, this.#minor);
    this.response.whole(formatLocal(local, { connection, headOnly: this.#headOnly, wallMs, edits }));
    this.#settings.answers.write(() => this.#inWords(local.status, flag, reason));
  }

  #inWords(status: number, flag: ResponseFlag, reason: string): Answered {
    const decision = this.#decision;
    const { outgoing } = this.#forwarder;
    const seen = this.#shown ? this.#view : undefined;
    const route = decision === undefined || decision.kind === 'reject' ? '' : decision.route;
    const cluster = decision?.kind === 'forward' ? decision.cluster.name : '';
    const request = outgoing === undefined ? seen : outgoingInWords(outgoing);
    return { request, status, flag, reason, route, cluster, durationMs: this.#elapsedMs() };
  }

  #elapsedMs(): number {
    return this.#settings.clock.nowMs() - this.startMs;
  }
}

/** The authority of requests that name none: where their connection was going. */
function hostOf({ address, port }: OriginalDestination): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
