/**
 * The present request of a connection, from its head to the end of its response: routed, then answered by a rule or
 * forwarded, and told of in words when that fails. One instance serves the requests of a connection one after the other.
 */
import type {
  DirectDecision,
  ForwardDecision,
  RedirectDecision,
  RejectDecision,
  RouteTable,
} from '#sidecar/routing/route-table.ts';
import { Deadline } from '#sidecar/tcp/deadlines.ts';
import type { Wire } from '#sidecar/tcp/wire.ts';
import type { OriginalDestination, ServiceIdentity } from '#sidecar/upstream/cluster.ts';
import type { Answered } from './answer-log.ts';
import { cutRequestId } from './edge-lines.ts';
import { BY_CORS, BY_RULE, type Ending } from './ending.ts';
import { type Forwarded, Forwarder } from './forwarder.ts';
import type { Head } from './head.ts';
import { HeadView } from './head-view.ts';
import type { HttpSettings } from './http-settings.ts';
import { failureInWords, formatLocal, type LocalReply, type LocalResponse } from './local-reply.ts';
import { editsOf } from './message-edits.ts';
import { serviceOfRoute, UNKNOWN_SERVICE } from './meters.ts';
import { outgoingInWords } from './outgoing-in-words.ts';
import { noteFor } from './pass-response.ts';
import { RequestAccount } from './request-account.ts';
import type { RequestCarrier } from './request-carrier.ts';
import { isHeadRequest } from './request-traits.ts';
import { ResponseWriter } from './response-writer.ts';
import { directAnswer, redirectTo } from './rule-answers.ts';

export class ServerRequest implements Forwarded {
  readonly response: ResponseWriter;
  readonly account: RequestAccount;
  readonly deadline: Deadline = new Deadline(() => this.#forwarder.exchange?.onDeadline());
  closing = false;
  readonly #carrier: RequestCarrier;
  readonly #wire: Wire;
  readonly #settings: HttpSettings;
  readonly #forwarder: Forwarder;
  readonly #view: HeadView;
  #headOnly = false;
  /** The concurrency limit counts it among those under way. */
  #admitted = false;

  constructor(carrier: RequestCarrier, wire: Wire, original: OriginalDestination, settings: HttpSettings) {
    const fallbackHost = hostOf(original);
    this.#carrier = carrier;
    this.#wire = wire;
    this.#settings = settings;
    this.response = new ResponseWriter(wire);
    this.#view = new HeadView(fallbackHost, settings.scheme);
    this.account = new RequestAccount(settings, wire, original, this.response, this.#view);
    this.#forwarder = new Forwarder(this, carrier, settings, original, fallbackHost);
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
    const { account } = this;
    account.minor = head.minor;
    account.caller = this.#settings.meters.caller(bytes, head, account.caller);
    const { edge, preserveRequestId, tracing } = this.#settings;
    if (edge === true && preserveRequestId !== true) cutRequestId(bytes, head);
    if (tracing !== undefined) account.beginTrace(bytes, head);
  }

  /** What is known of the request before says nothing about one that cannot be read. */
  beginUnread(): void {
    this.#reset(this.#settings.clock.nowMs());
    this.#headOnly = false;
    this.account.minor = 1;
  }

  /** Carries out what `routes` decide of the request. Its body bytes so far are `bytes[headEnd, bodyEnd)`. */
  serve(routes: RouteTable, bytes: Buffer, head: Head, headEnd: number, bodyEnd: number): void {
    const { account } = this;
    this.#view.show(bytes, head);
    account.shown = true;
    if (this.requestComplete) account.whole();
    const refusal = this.#judge();
    if (refusal !== undefined) {
      this.fail(refusal);
      return;
    }
    const decision = routes.select(this.#view);
    account.decision = decision;
    if (decision.kind === 'forward')
      this.#forwarder.forward(decision, this.#view, bytes, head, headEnd, bodyEnd);
    else if (decision.kind === 'reject') this.fail({ ...decision, details: detailsOf(decision) });
    else this.#answerByRule(decision);
  }

  /** More of the body. */
  sendBody(bytes: Buffer, end: number): void {
    const complete = this.#carrier.requestComplete;
    if (complete) this.account.whole();
    this.#forwarder.sendBody(bytes, end, complete);
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
    if (!exchange.refuse(reply)) return false;
    this.reply(reply);
    this.exchangeOver();
    return true;
  }

  /** Answers a request that no exchange was made for. */
  fail(reply: LocalReply): void {
    this.reply(reply);
    this.#close(reply.status, reply, UNKNOWN_SERVICE);
    this.exchangeOver();
  }

  answerPreflight(local: LocalResponse, { cluster }: ForwardDecision): void {
    this.#answerAtOnce(local, BY_CORS, cluster.service);
  }

  adjustReading(): void {
    this.#carrier.adjustReading();
  }

  reply(reply: LocalReply): void {
    this.#answer(failureInWords(reply, this.#settings.hop), reply);
  }

  answered(): void {
    if (!this.#admitted) return;
    this.#admitted = false;
    this.#settings.concurrency?.answered(this.account.startMs, this.#settings.clock.nowMs());
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
  tunnel(upstream: Wire, closed: (ending: Ending) => void): void {
    this.#forwarder.over();
    this.#carrier.tunnel(upstream, closed);
  }

  #reset(nowMs: number): void {
    const { response } = this;
    this.account.open(nowMs);
    response.edits = undefined;
    response.sent = 0;
    response.headBytes = 0;
    response.framingBytes = 0;
  }

  /** The limits in front of the routes: the answer to a request that one of them turns away. */
  #judge(): LocalReply | undefined {
    const { rateLimit, concurrency, random } = this.#settings;
    const { startMs } = this.account;
    const tooMany = rateLimit?.judge(startMs, random());
    if (tooMany !== undefined || concurrency === undefined) return tooMany;
    const noRoom = concurrency.admit(startMs);
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
      this.fail({ status: 500, flag: 'NR', details: 'invalid_redirect', reason });
    } else {
      this.#answerAtOnce(local, BY_RULE, serviceOfRoute(decision.route));
    }
  }

  #answerAtOnce(local: LocalResponse, ending: Ending, service: ServiceIdentity): void {
    this.#answer(local, ending);
    this.#close(local.status, ending, service);
    this.exchangeOver();
  }

  #close(status: number, ending: Ending, service: ServiceIdentity): void {
    this.account.close(status, ending, this.#settings.clock.nowMs(), service, undefined);
  }

  #answer(local: LocalResponse, ending: Ending): void {
    if (this.restUnwanted || this.draining) this.closing = true;
    const { response, account } = this;
    const { clock, accessLog, answers } = this.#settings;
    const connection = noteFor(this.closing, account.minor);
    const format = { connection, headOnly: this.#headOnly, wallMs: clock.wallMs(), edits: response.edits };
    const bytes = formatLocal(local, format);
    const headEnd = bytes.indexOf(HEAD_END) + HEAD_END.length;
    response.headBytes = response.sent + headEnd;
    response.whole(bytes);
    account.answered(bytes, 0, headEnd);
    if (accessLog === undefined) answers.write(() => this.#inWords(local.status, ending));
  }

  #inWords(status: number, { flag, reason }: Ending): Answered {
    const { decision, outgoing, shown, startMs } = this.account;
    const seen = shown ? this.#view : undefined;
    const route = decision === undefined || decision.kind === 'reject' ? '' : decision.route;
    const cluster = decision?.kind === 'forward' ? decision.cluster.name : '';
    const request = outgoing === undefined ? seen : outgoingInWords(outgoing);
    const durationMs = this.#settings.clock.nowMs() - startMs;
    return { request, status, flag, reason, route, cluster, durationMs };
  }
}

const HEAD_END = '\r\n\r\n';

/** Envoy's response code details of a request that no route takes anywhere. */
function detailsOf({ flag }: RejectDecision): string {
  return flag === 'NC' ? 'cluster_not_found' : 'route_not_found';
}

/** The authority of requests that name none: where their connection was going. */
function hostOf({ address, port }: OriginalDestination): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
