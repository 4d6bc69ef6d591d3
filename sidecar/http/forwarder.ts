/**
 * Carries out the decision to forward a request: edits and rewrites it, lets CORS answer, injects faults, sends mirrors,
 * and starts the exchange that the rest of the request belongs to.
 */
import { hashRequest } from '#sidecar/routing/request-hash.ts';
import type { ForwardDecision, HashRule } from '#sidecar/routing/route-table.ts';
import type { OriginalDestination } from '#sidecar/upstream/cluster.ts';
import { roundedUp } from './deadline-budget.ts';
import type { Unnoted } from './deadline-memory.ts';
import type { Downstream, OutgoingRequest } from './downstream.ts';
import { changesAtEdge } from './edge-lines.ts';
import { Exchange } from './exchange.ts';
import { drawFault, FaultDelay, type InjectedFault } from './fault-injection.ts';
import { type Head, roomyHead } from './head.ts';
import type { HeadView } from './head-view.ts';
import type { HttpSettings } from './http-settings.ts';
import type { LocalReply, LocalResponse } from './local-reply.ts';
import { editsOf, type MessageEdits, makeEdits } from './message-edits.ts';
import type { MirrorExchange } from './mirror.ts';
import type { RequestCarrier } from './request-carrier.ts';
import { changesOf } from './request-changes.ts';
import { RequestComposer } from './request-composer.ts';
import { budgetOf, remember } from './request-timing.ts';
import { judgeCors } from './rule-answers.ts';
import { scanRequest } from './scan-request.ts';
import { startMirrors } from './start-mirrors.ts';

/** The request that is forwarded, as its sender's side keeps it. */
export interface Forwarded extends Downstream {
  /** What the client's address says of it, for those who balance by it. */
  readonly source: string;
  /** Answers it, since its route cannot be carried out. */
  fail(reply: LocalReply): void;
  /** CORS answers it. */
  answerPreflight(local: LocalResponse, decision: ForwardDecision): void;
}

/** One is enough: what is read from it is used at once. */
const noted = roomyHead();

export class Forwarder implements Unnoted {
  /** While one is under way, from before a delay on. */
  exchange: Exchange | undefined;
  readonly #request: Forwarded;
  readonly #carrier: RequestCarrier;
  readonly #settings: HttpSettings;
  readonly #composer: RequestComposer;
  #delay: FaultDelay | undefined;
  #mirrors: readonly MirrorExchange[] | undefined;

  constructor(
    request: Forwarded,
    carrier: RequestCarrier,
    settings: HttpSettings,
    original: OriginalDestination,
    fallbackHost: string,
  ) {
    this.#request = request;
    this.#carrier = carrier;
    this.#settings = settings;
    this.#composer = new RequestComposer(
      settings.added,
      original,
      fallbackHost,
      settings.accessLog !== undefined,
    );
    settings.remembers?.askLater(this);
  }

  /** The body bytes so far are `bytes[headEnd, bodyEnd)`. */
  forward(
    decision: ForwardDecision,
    view: HeadView,
    bytes: Buffer,
    head: Head,
    headEnd: number,
    bodyEnd: number,
  ): void {
    const request = this.#request;
    if (decision.responseEdits !== undefined) request.response.edits = editsOf(decision.responseEdits);
    if (decision.cors !== undefined && this.#answersPreflight(decision, view)) return;
    const ruled = changesOf(decision, view);
    const isBad = ruled !== undefined && 'wrong' in ruled;
    const changes =
      this.#settings.edge === true && !isBad ? changesAtEdge(ruled, view, request.source) : ruled;
    if (changes !== undefined && 'wrong' in changes) {
      const reason = `the rewrite of route "${decision.route}" ${changes.wrong}`;
      request.fail({ status: 500, flag: 'NR', details: 'invalid_rewrite', reason });
      return;
    }
    const { inherits, remembers, random } = this.#settings;
    const { account } = request;
    const { startMs, trace } = account;
    const countAttempts = decision.countAttempts === true;
    const budget = budgetOf(bytes, head, decision, inherits, startMs);
    const outgoing = this.#composer.compose(
      bytes,
      head,
      headEnd,
      bodyEnd,
      countAttempts,
      changes,
      budget,
      trace,
    );
    outgoing.remembered = remember(bytes, head, budget, remembers);
    if (decision.hash !== undefined) outgoing.hash = this.#hash(decision.hash, view);
    account.outgoing = outgoing;
    const exchange = new Exchange(request, this.#settings, decision, outgoing);
    account.tries = exchange.tries;
    this.exchange = exchange;
    const fault =
      decision.fault === undefined ? undefined : drawFault(decision.fault, decision.route, random);
    if (fault === undefined) this.#start(exchange, decision, outgoing, startMs);
    else this.#inject(fault, exchange, decision, outgoing);
  }

  /** More of the body; `complete`: all of it. */
  sendBody(bytes: Buffer, end: number, complete: boolean): void {
    this.exchange?.sendBody(bytes, 0, end);
    if (this.#mirrors !== undefined) {
      for (const mirror of this.#mirrors) {
        mirror.sendBody(bytes, 0, end);
        if (complete) mirror.bodyEnded();
      }
    }
    if (complete) this.exchange?.bodyEnded();
  }

  /** The exchange is over, or somebody else's; mirrors that lack a part of the request are dropped. */
  over(): void {
    this.exchange = undefined;
    if (this.#mirrors === undefined) return;
    for (const mirror of this.#mirrors) mirror.cancel();
    this.#mirrors = undefined;
  }

  /** Its request has no deadline, but may share its identity with one that has. */
  note(): void {
    const { exchange } = this;
    const { outgoing } = this.#request.account;
    if (exchange === undefined || exchange.settled || outgoing === undefined) return;
    const { bytes, budget, remembered } = outgoing;
    if (budget !== undefined || remembered !== undefined) return;
    if (scanRequest(bytes, 0, bytes.length, noted) <= 0) return;
    outgoing.remembered = remember(bytes, noted, undefined, this.#settings.remembers);
  }

  /** The exchange is over before its end. */
  abandon(): void {
    this.#delay?.cancel();
    this.exchange = undefined;
  }

  /** The client is gone. */
  cancel(): void {
    this.#settings.remembers?.forgetAbout(this);
    this.#delay?.cancel();
    this.exchange?.cancel();
    this.over();
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
      this.#abort(exchange, fault.abort!, outgoing);
      return;
    }
    const leftMs = roundedUp(
      (outgoing.budget?.deadlineMs ?? Number.POSITIVE_INFINITY) - this.#request.account.startMs,
    );
    outgoing.trace?.event('fault.delay', clock.nowMs(), { delay_ms: fault.delayMs });
    this.#carrier.hold();
    this.#request.account.delayed = true;
    this.#delay = new FaultDelay(deadlines, Math.max(1, Math.ceil(Math.min(fault.delayMs, leftMs))), () => {
      this.#delay = undefined;
      if (fault.abort === undefined) this.#start(exchange, decision, outgoing, clock.nowMs());
      else {
        this.#carrier.letGo();
        this.#abort(exchange, fault.abort, outgoing);
      }
      this.#carrier.adjustReading();
    });
  }

  #abort(exchange: Exchange, reply: LocalReply, { trace }: OutgoingRequest): void {
    trace?.event('fault.abort', this.#settings.clock.nowMs(), { status: reply.status });
    exchange.onFailed(reply);
  }

  /** What the balancer is to go by; a cookie that the client does not have yet is set with the response. */
  #hash(rules: readonly HashRule[], view: HeadView): number | undefined {
    const { hash, cookie } = hashRequest(rules, view, this.#request.source, this.#settings.random);
    if (cookie !== undefined) {
      this.#edit(makeEdits({ remove: [], set: [], add: [{ name: 'set-cookie', value: cookie }] }));
    }
    return hash;
  }

  /** True when CORS answers the request itself. */
  #answersPreflight(decision: ForwardDecision, view: HeadView): boolean {
    const verdict = judgeCors(decision.cors!, view);
    if (verdict.edits !== undefined) this.#edit(verdict.edits);
    if (verdict.preflight === undefined) return false;
    this.#request.response.edits = undefined;
    this.#request.answerPreflight(verdict.preflight, decision);
    return true;
  }

  #edit(edits: MessageEdits): void {
    const { response } = this.#request;
    response.edits = response.edits?.followedBy(edits) ?? edits;
  }
}
