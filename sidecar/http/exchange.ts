/**
 * One request and its response: admits it, has it dispatched to an endpoint, passes the response on, and settles the
 * account exactly once.
 *
 *     waiting ─────── failed or too late ──▶ a reply of our own: 503, 504
 *         │
 *     responding ──── closed or too late ──▶ the downstream is reset: a cut body must not look complete
 *         │
 *      complete ─── the request body may still flow: an early answer need not cost the client's connection
 */
import type { ForwardDecision } from '#sidecar/routing/route-table.ts';
import type { Outcome } from '#sidecar/upstream/endpoint.ts';
import type { Body } from './body.ts';
import { Dispatch, type DispatchListener } from './dispatch.ts';
import type { Downstream, OutgoingRequest } from './downstream.ts';
import { abandons, CLIENT_GONE, type Ending, VIA_UPSTREAM } from './ending.ts';
import type { ExchangeSettings } from './exchange-settings.ts';
import * as failures from './failures.ts';
import { explain, Fault } from './fault.ts';
import type { Head } from './head.ts';
import { UPLOAD_TAIL_MS } from './limits.ts';
import type { LocalReply } from './local-reply.ts';
import { passHead, passSwitch } from './pass-response.ts';
import { switchesAsAsked } from './protocol-switch.ts';
import type { Heard } from './response-listener.ts';
import { disown, outcomeOf } from './response-verdict.ts';
import type { Tries } from './tries.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

export class Exchange implements DispatchListener {
  readonly headOnly: boolean;
  readonly #downstream: Downstream;
  readonly #settings: ExchangeSettings;
  readonly #decision: ForwardDecision;
  readonly #request: OutgoingRequest;
  readonly #dispatch: Dispatch;
  /** A 1xx was passed on: the request has been seen. */
  #informed = false;
  #repeated = false;
  /** Status of the response once its head was passed on, and what is said of it. */
  #status = 0;
  #ending: Ending = VIA_UPSTREAM;
  #settled = false;
  #endMs = 0;

  constructor(
    downstream: Downstream,
    settings: ExchangeSettings,
    decision: ForwardDecision,
    request: OutgoingRequest,
  ) {
    this.#downstream = downstream;
    this.#settings = settings;
    this.#decision = decision;
    this.#request = request;
    this.#dispatch = new Dispatch(this, settings, decision, request);
    this.headOnly = request.headOnly;
  }

  /** The request may go now. */
  start(nowMs: number): void {
    const { cluster } = this.#decision;
    if (this.#request.budget?.isLate(nowMs) === true) {
      this.#request.trace?.event('deadline', nowMs);
      this.onFailed(failures.alreadyLate(cluster));
      return;
    }
    if (!this.tries.admit()) {
      this.#request.trace?.event('overflow', nowMs, { breaker: 'requests' });
      this.onFailed(failures.tooManyRequests(cluster));
      return;
    }
    this.#startDeadline(nowMs);
    this.#dispatch.start(nowMs);
  }

  get requestComplete(): boolean {
    return this.#downstream.requestComplete;
  }

  get tries(): Tries {
    return this.#dispatch.tries;
  }

  get watched(): boolean {
    return this.#downstream.account.watched;
  }

  /** The account is closed, though the rest of the request may still flow. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Body bytes can be passed on now. */
  get takesBody(): boolean {
    return this.#dispatch.upstream?.wire.blocked === false;
  }

  /** The request was heard of before its body came (`100 Continue`). */
  get informed(): boolean {
    return this.#informed;
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    if (end > start) this.#dispatch.sendBody(bytes, start, end);
  }

  /** The request is complete. */
  bodyEnded(): void {
    if (this.#settled) {
      this.#finish(false);
      return;
    }
    this.#startDeadline(this.#settings.clock.nowMs());
    if (this.#status === 0) this.#dispatch.requestEnded();
  }

  /** The downstream went away. */
  cancel(): void {
    this.#dispatch.drop();
    this.#settle(this.#status, CLIENT_GONE, 'cancelled');
  }

  /** The request turned out to be malformed, or too slow. True when that can still be answered. */
  refuse(reply: LocalReply): boolean {
    this.#dispatch.drop();
    const answerable = this.#status === 0;
    this.#settle(answerable ? reply.status : this.#status, reply, 'cancelled');
    return answerable;
  }

  onDownstreamDrain(): void {
    this.#dispatch.upstream?.wire.resume();
  }

  /** Only an endpoint that has the request can be too slow for it. */
  onDeadline(): void {
    const { tries, upstream } = this.#dispatch;
    const { cluster } = this.#decision;
    const { limitMs } = this.#request.budget!;
    const nowMs = this.#settings.clock.nowMs();
    this.#dispatch.drop();
    this.#request.trace?.event('deadline', nowMs, { limit_ms: limitMs });
    if (this.#status === 0) {
      const failure = failures.tooSlow(cluster, tries.endpoint, limitMs);
      tries.end(upstream === undefined ? 'cancelled' : 'timeout', nowMs, 0, failure);
      this.onFailed(failure);
      return;
    }
    this.#settle(this.#status, failures.tooSlowWithin(cluster, tries.endpoint, limitMs), 'timeout');
    this.#downstream.abort();
  }

  onReadiness(): void {
    this.#downstream.adjustReading();
  }

  onFailed(failure: LocalReply): void {
    this.#downstream.reply(failure);
    this.#settle(failure.status, failure, 'cancelled');
    this.#downstream.exchangeOver();
  }

  onInformational(bytes: Buffer, head: Head): void {
    this.#informed = true;
    if (this.#request.minor > 0) this.#downstream.response.informational(bytes, head, 'silent');
    this.#slowDown();
  }

  onResponse(bytes: Buffer, head: Head, body: Body, at: number, length: number): number {
    const verdict = this.#dispatch.answered(bytes, head);
    if (verdict === 'again') return this.#dispatch.discard(head, bytes, body, at, length);
    if (verdict !== 'final')
      this.#ending = failures.lastAnswer(verdict, this.#decision.cluster, this.tries, head.status);
    this.#downstream.account.answered(bytes, head.start, head.end, head);
    if (head.status === 503 && this.#settings.inbound === true)
      disown(this.#downstream.response, bytes, head);
    const { response } = this.#downstream;
    const before = response.sent;
    const end = passHead(this.#downstream, this.#request.minor, bytes, head, body, at, length);
    if (end >= 0 || response.sent > before) this.#status = head.status;
    this.#slowDown();
    return end;
  }

  onBody(bytes: Buffer, body: Body, at: number, length: number): number {
    const end = this.#downstream.response.more(bytes, body, at, length);
    this.#slowDown();
    return end;
  }

  onComplete(): void {
    if (this.#dispatch.discarded()) return;
    const downstream = this.#downstream;
    downstream.response.last();
    this.#settle(this.#status, this.#ending, outcomeOf(this.#status));
    const bodyFlows =
      !downstream.requestComplete && !downstream.closing && this.#dispatch.upstream!.persistent;
    if (bodyFlows) {
      downstream.answered();
      this.#settings.deadlines.set(downstream.deadline, UPLOAD_TAIL_MS);
    } else this.#finish();
  }

  onSwitch(connection: UpstreamConnection, bytes: Buffer, head: Head, at: number, length: number): void {
    if (!switchesAsAsked(this.#request, bytes, head)) {
      this.onFault(Fault.upgradeUnasked);
      return;
    }
    const { clock, deadlines } = this.#settings;
    deadlines.clear(this.#downstream.deadline);
    this.#dispatch.handOver();
    this.#status = head.status;
    this.#downstream.account.answered(bytes, head.start, head.end);
    const answeredMs = clock.nowMs();
    passSwitch(this.#downstream, connection, bytes, head, at, length, (ending) => {
      this.#dispatch.tries.discount(clock.nowMs() - answeredMs);
      this.#settle(101, ending, 'success');
    });
  }

  onFault(fault: number): void {
    const dispatch = this.#dispatch;
    const { cluster } = this.#decision;
    const { endpoint } = dispatch.tries;
    const { sentence } = explain(fault);
    if (this.#status === 0) {
      dispatch.broke(failures.malformed(cluster, endpoint, sentence), 'reset');
      return;
    }
    dispatch.drop();
    this.#settle(this.#status, failures.malformedWithin(cluster, endpoint, sentence), 'reset');
    this.#downstream.abort();
  }

  onDrain(): void {
    this.#downstream.adjustReading();
  }

  onUpstreamClosed(heard: Heard): void {
    const dispatch = this.#dispatch;
    const { cluster } = this.#decision;
    const reused = dispatch.handOver()?.reused === true;
    if (this.#settled) this.#finish();
    else if (this.#status !== 0) {
      this.#settle(this.#status, failures.brokenWithin(cluster, dispatch.tries.endpoint), 'reset');
      this.#downstream.abort();
    } else if (
      heard === 'nothing' &&
      reused &&
      this.#request.repeatable &&
      !this.#informed &&
      !this.#repeated
    ) {
      this.#repeated = true;
      dispatch.repeat();
    } else {
      const failure = heard === 'part' ? failures.brokenOff : failures.closedEarly;
      dispatch.broke(failure(cluster, dispatch.tries.endpoint), 'reset');
    }
  }

  #startDeadline(nowMs: number): void {
    const { budget, remembered } = this.#request;
    if (budget === undefined) return;
    const ms = this.requestComplete ? budget.requestEnded(nowMs) : budget.timerMs(nowMs);
    if (remembered !== undefined) remembered.deadlineMs = budget.deadlineMs;
    if (ms !== Number.POSITIVE_INFINITY) this.#settings.deadlines.set(this.#downstream.deadline, ms, nowMs);
  }

  /** The upstream is read no faster than the downstream takes it. */
  #slowDown(): void {
    if (this.#downstream.response.wire.blocked) this.#dispatch.upstream?.wire.pause();
  }

  /**
   * The response is sent: the connection goes back to its pool, and the downstream on to its next request. A
   * connection that answered without having taken the whole request is not worth keeping, nor are its bytes; one that
   * answered before it had all of it (`keeps` is false) may take the rest for the next request.
   */
  #finish(keeps = true): void {
    const connection = this.#dispatch.handOver();
    this.#settings.deadlines.clear(this.#downstream.deadline);
    const taken = keeps && this.requestComplete && connection?.wire.blocked === false;
    if (taken) connection.release(this.#endMs);
    else connection?.close();
    this.#downstream.exchangeOver();
  }

  #settle(code: number, ending: Ending, outcome: Outcome): void {
    if (this.#settled) return;
    this.#settled = true;
    const downstream = this.#downstream;
    const { cluster } = this.#decision;
    const { tries } = this.#dispatch;
    this.#settings.deadlines.clear(downstream.deadline);
    this.#endMs = this.#settings.clock.nowMs();
    tries.close(outcome, this.#endMs, code, ending);
    const { remembered } = this.#request;
    if (remembered !== undefined) this.#settings.remembers?.end(remembered, abandons(ending));
    downstream.account.close(code, ending, this.#endMs, cluster.service, tries.endpoint);
  }
}
