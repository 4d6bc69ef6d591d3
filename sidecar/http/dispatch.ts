/**
 * Gets a request to an endpoint, in as many tries as it takes and its route allows:
 *
 *     connecting ── no connection ──▶ again, or failed      waits for its turn while the cluster has all its connections
 *         │
 *       sent ────── closed, too late, a bad answer ──▶ again, or failed
 *         │                     again: backing off ──▶ connecting
 *      answered     the exchange has it from here
 *
 * One failure ends one try; what follows is for the policy (`Tries.verdict`) to say, and the exchange hears only the end.
 */
import type { Timer } from '#api/foundation/clock.ts';
import { retriesConnectFailure, retriesReset, retriesStatus } from '#sidecar/routing/retry-decision.ts';
import type { ForwardDecision } from '#sidecar/routing/route-table.ts';
import { Deadline } from '#sidecar/tcp/deadlines.ts';
import type { Endpoint, Outcome } from '#sidecar/upstream/endpoint.ts';
import type { Body } from './body.ts';
import { Connecting } from './connecting.ts';
import { putDeadline } from './deadline-line.ts';
import type { OutgoingRequest } from './downstream.ts';
import { VIA_UPSTREAM } from './ending.ts';
import type { ExchangeSettings } from './exchange-settings.ts';
import * as failures from './failures.ts';
import type { Head } from './head.ts';
import type { LocalReply } from './local-reply.ts';
import { ReplayBuffer } from './replay-buffer.ts';
import { CONNECT_TIMED_OUT, type ConnectListener, type ResponseListener } from './response-listener.ts';
import { appLoss, outcomeOf } from './response-verdict.ts';
import { Tries, type Verdict } from './tries.ts';
import type { UpstreamConnection } from './upstream-connection.ts';
import { putAttempt } from './write-head.ts';

export interface DispatchListener extends ResponseListener {
  /** More is told of the request than metrics do. */
  readonly watched: boolean;
  /** The whole request has come. */
  readonly requestComplete: boolean;
  /** Whether body bytes can be passed on has changed. */
  onReadiness(): void;
  /** The time of the request is over before it could be sent. */
  onDeadline(): void;
  /** The last try has failed. */
  onFailed(failure: LocalReply): void;
}

export class Dispatch implements ConnectListener {
  readonly tries: Tries;
  /** The request went there, and nothing went wrong since. */
  upstream: UpstreamConnection | undefined;
  readonly #listener: DispatchListener;
  readonly #settings: ExchangeSettings;
  readonly #decision: ForwardDecision;
  readonly #request: OutgoingRequest;
  #connecting: Connecting | undefined;
  #backoff: Timer | undefined;
  #deadline: Deadline | undefined;
  /** What came of the body later, when it may have to be sent again. */
  #replay: ReplayBuffer | undefined;
  /** Its response is complete and thrown away. */
  #discarded: UpstreamConnection | undefined;

  constructor(
    listener: DispatchListener,
    settings: ExchangeSettings,
    decision: ForwardDecision,
    request: OutgoingRequest,
  ) {
    this.#listener = listener;
    this.#settings = settings;
    this.#decision = decision;
    this.#request = request;
    this.tries = new Tries(decision, request.original, request.hash, request.trace);
  }

  start(nowMs: number): void {
    if (this.#decision.retry.attempts > 0 && !this.#listener.requestComplete) {
      this.#replay = new ReplayBuffer(this.#request.bytes.length);
    }
    this.#try(this.tries.next(), nowMs, true);
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    this.#replay?.add(bytes, start, end);
    this.upstream?.wire.sendCopy(bytes, start, end);
  }

  /** The request is complete: as in Envoy, what a try may take is counted from here. */
  requestEnded(): void {
    if (this.upstream !== undefined) this.#startDeadline();
  }

  /** Gives the present try up. */
  drop(): void {
    this.#clearDeadline();
    this.#backoff?.cancel();
    this.#connecting?.cancel();
    this.#connecting = undefined;
    this.upstream?.close();
    this.upstream = undefined;
  }

  /** The connection is somebody else's from now on. */
  handOver(): UpstreamConnection | undefined {
    this.#clearDeadline();
    const connection = this.upstream;
    this.upstream = undefined;
    return connection;
  }

  /** The try broke after the request was sent, and nothing of a response was passed on. */
  broke(failure: LocalReply, outcome: Outcome): void {
    this.drop();
    this.tries.failed(outcome, this.#settings.clock.nowMs(), 0, failure);
    const covered = failure.flag === 'UC' ? this.#coversLoss() : retriesReset(this.#decision.retry.on);
    this.#after(failure, covered, false);
  }

  /**
   * Whether the policy is for an endpoint that went away with the request. One that is for endpoints that cannot be reached
   * is, where a second time does no harm: a process that dies leaves both behind.
   */
  #coversLoss(): boolean {
    const { on } = this.#decision.retry;
    return retriesReset(on) || (this.#request.repeatable && retriesConnectFailure(on));
  }

  /** A kept connection was closed in silence: that is no failure yet, but the next try is one more all the same. */
  repeat(): void {
    this.drop();
    const nowMs = this.#settings.clock.nowMs();
    this.tries.end('reset', nowMs, 0, failures.closedUnheard(this.#decision.cluster, this.tries.endpoint));
    const endpoint = this.tries.afterClosing();
    if (endpoint !== undefined) this.#decision.cluster.breakers.retried += 1;
    this.#try(endpoint, nowMs, false);
  }

  /** A response has come. What is said of it; after `again` it is to be discarded. */
  answered(bytes: Buffer, head: Head): Verdict {
    this.#clearDeadline();
    const { attempts, on } = this.#decision.retry;
    if (head.status < 400 || attempts === 0) return 'final';
    const loss = head.status === 503 || head.status === 502 ? appLoss(bytes, head) : undefined;
    const unseen = loss === 'unreached';
    const covered =
      retriesStatus(on, head.status) ||
      (unseen && retriesConnectFailure(on)) ||
      (loss === 'broken' && this.#coversLoss());
    return covered ? this.#verdict(true, unseen) : 'final';
  }

  /** Throws a response away; its connection is kept when all of it is there. Returns the offset after what it took. */
  discard(head: Head, bytes: Buffer, body: Body, at: number, length: number): number {
    const connection = this.handOver()!;
    const end = body.take(bytes, at, length);
    if (end >= 0 && body.done && this.#listener.requestComplete && !connection.wire.blocked) {
      this.#discarded = connection;
    } else connection.close();
    this.tries.failed(outcomeOf(head.status), this.#settings.clock.nowMs(), head.status, VIA_UPSTREAM);
    this.#backOff();
    return end >= 0 ? end : length;
  }

  /** A response is complete. True when it was the one that is thrown away. */
  discarded(): boolean {
    const connection = this.#discarded;
    this.#discarded = undefined;
    connection?.release(this.#settings.clock.nowMs());
    return connection !== undefined;
  }

  onConnected(connection: UpstreamConnection): void {
    this.#connecting = undefined;
    this.#send(connection, this.#settings.clock.nowMs());
    this.#listener.onReadiness();
  }

  onConnectFailure(cause: string): void {
    this.#connecting = undefined;
    const { cluster, retry } = this.#decision;
    const failure = failures.unreachable(cluster, this.tries.endpoint, cause);
    this.tries.failed('connect-failure', this.#settings.clock.nowMs(), 0, failure);
    this.#after(failure, retriesConnectFailure(retry.on), cause !== CONNECT_TIMED_OUT);
  }

  #onLate(): void {
    const limitMs = this.#request.budget!.tryMs;
    this.broke(failures.tryTooSlow(this.#decision.cluster, this.tries.endpoint, limitMs), 'timeout');
  }

  /** `unseen`: no endpoint has seen anything of the request, so another one can have it at once. */
  #after(failure: LocalReply, covered: boolean, unseen: boolean): void {
    const verdict = this.#verdict(covered, unseen);
    if (verdict === 'again') {
      const other = unseen ? this.tries.untried() : undefined;
      if (other === undefined) this.#backOff();
      else {
        this.#tellRetry(0);
        this.#tryAgain(other);
      }
      return;
    }
    const { cluster } = this.#decision;
    if (verdict === 'exhausted') this.#listener.onFailed(failures.inVain(failure, this.tries.count));
    else this.#listener.onFailed(verdict === 'refused' ? failures.notRetried(failure, cluster) : failure);
  }

  #verdict(covered: boolean, unseen: boolean): Verdict {
    const { clock, random } = this.#settings;
    const { budget } = this.#request;
    const leftMs = budget === undefined ? Number.POSITIVE_INFINITY : budget.deadlineMs - clock.nowMs();
    const whole = this.#replay === undefined || this.#replay.whole;
    return this.tries.verdict(covered && whole, unseen, leftMs, random);
  }

  #backOff(): void {
    this.#listener.onReadiness();
    this.#tellRetry(this.tries.waitMs);
    this.#backoff = this.#settings.clock.after(this.tries.waitMs, () => this.#tryAgain(this.tries.next()));
  }

  #tellRetry(backoffMs: number): void {
    const { trace } = this.#request;
    trace?.event('retry', this.#settings.clock.nowMs(), {
      attempt: this.tries.count + 1,
      backoff_ms: backoffMs,
    });
  }

  /** On a kept connection the rest of the body can go at once. */
  #tryAgain(endpoint: Endpoint | undefined): void {
    this.#try(endpoint, this.#settings.clock.nowMs(), true);
    if (this.upstream !== undefined) this.#listener.onReadiness();
  }

  /** `kept`: a connection that served others will do. */
  #try(endpoint: Endpoint | undefined, nowMs: number, kept: boolean): void {
    const { cluster } = this.#decision;
    if (endpoint === undefined) {
      this.#listener.onFailed(failures.noEndpoint(cluster));
      return;
    }
    this.tries.begin(endpoint, nowMs);
    const pool = this.#settings.pools.of(endpoint, cluster);
    const idle = kept ? pool.take(nowMs, this.#request.repeatable) : undefined;
    if (idle !== undefined) {
      this.#send(idle, nowMs);
      return;
    }
    const connecting = new Connecting(pool, this.#settings, this);
    this.#connecting = connecting;
    if (connecting.start()) return;
    this.#connecting = undefined;
    const failure = failures.tooManyPending(cluster);
    this.#request.trace?.event('overflow', nowMs, { breaker: 'pending' });
    this.tries.end('cancelled', nowMs, 0, failure);
    this.#listener.onFailed(failure);
  }

  #send(connection: UpstreamConnection, nowMs: number): void {
    const { bytes, attemptAt, deadlineAt, budget, trace, traceAt } = this.#request;
    if (budget !== undefined) {
      if (budget.isLate(nowMs)) {
        connection.close();
        this.#listener.onDeadline();
        return;
      }
      putDeadline(bytes, deadlineAt, budget.toldMs(nowMs));
    }
    if (attemptAt > 0) putAttempt(bytes, attemptAt, this.tries.count);
    if (traceAt > 0) trace?.stamp(bytes, traceAt);
    this.tries.sent(connection, nowMs);
    if (this.#listener.watched) connection.noteLocal();
    this.upstream = connection;
    connection.attach(this.#listener);
    connection.wire.sendOwned(bytes);
    this.#replay?.sendTo(connection.wire);
    if (this.#listener.requestComplete) this.#startDeadline();
  }

  #startDeadline(): void {
    const { budget } = this.#request;
    if (budget === undefined || budget.tryMs === Number.POSITIVE_INFINITY) return;
    this.#deadline ??= new Deadline(() => this.#onLate());
    this.#settings.deadlines.set(this.#deadline, budget.tryMs);
  }

  #clearDeadline(): void {
    if (this.#deadline !== undefined) this.#settings.deadlines.clear(this.#deadline);
  }
}
