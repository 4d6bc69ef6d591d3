/**
 * One request and its response: picks an endpoint, takes a connection, replays what is safe to replay when that fails,
 * passes the response on, and settles the account exactly once.
 *
 *     connecting ── failed ──▶ another endpoint, or 503
 *         │
 *      waiting ──── closed ──▶ once more on a new connection if that is safe, or 503
 *         │         too late ─▶ 504
 *     responding ── closed or too late ──▶ the downstream is reset: a cut body must not look complete
 *         │
 *      complete ─── the request body may still flow: an early answer need not cost the connection
 */
import type { Clock } from '#api/foundation/clock.ts';
import type { Random } from '#api/foundation/random.ts';
import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type { ForwardDecision } from '#sidecar/routing/route-table.ts';
import type { Deadlines } from '#sidecar/tcp/deadlines.ts';
import type { Endpoint, Outcome } from '#sidecar/upstream/endpoint.ts';
import type { PoolSet } from '#sidecar/upstream/pool-set.ts';
import type { Body } from './body.ts';
import type { Downstream, OutgoingRequest } from './downstream.ts';
import { explain, Fault } from './fault.ts';
import type { Head } from './head.ts';
import { UPLOAD_TAIL_MS } from './limits.ts';
import { Tries } from './tries.ts';
import { type ResponseListener, UpstreamConnection } from './upstream-connection.ts';
import { putAttempt } from './write-head.ts';

/** What exchanges of one direction have in common. */
export interface ExchangeSettings {
  readonly clock: Clock;
  readonly random: Random;
  readonly deadlines: Deadlines;
  readonly pools: PoolSet<UpstreamConnection>;
}

export class Exchange implements ResponseListener {
  readonly headOnly: boolean;
  readonly #downstream: Downstream;
  readonly #settings: ExchangeSettings;
  readonly #decision: ForwardDecision;
  readonly #request: OutgoingRequest;
  readonly #startMs: number;
  readonly #tries: Tries;
  #upstream: UpstreamConnection | undefined;
  #connected = false;
  /** A 1xx was passed on: the request has been seen. */
  #informed = false;
  #repeated = false;
  /** Status of the response once its head was passed on. */
  #status = 0;
  #settled = false;
  #endMs = 0;

  constructor(
    downstream: Downstream,
    settings: ExchangeSettings,
    decision: ForwardDecision,
    request: OutgoingRequest,
    startMs: number,
  ) {
    this.#downstream = downstream;
    this.#settings = settings;
    this.#decision = decision;
    this.#request = request;
    this.#startMs = startMs;
    this.#tries = new Tries(decision, request.original);
    this.headOnly = request.headOnly;
  }

  start(): void {
    if (this.#downstream.requestComplete) this.#startTimeout();
    const endpoint = this.#tries.first();
    if (endpoint !== undefined) {
      this.#try(endpoint, true);
      return;
    }
    const reason = `no endpoint of ${this.#decision.cluster.service.host} is available`;
    this.#fail(503, 'UH', reason, 'connect-failure');
  }

  /** Body bytes can be passed on now. */
  get takesBody(): boolean {
    return this.#connected && this.#upstream?.wire.blocked === false;
  }

  /** The request was heard of before its body came (`100 Continue`). */
  get informed(): boolean {
    return this.#informed;
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    if (end > start) this.#upstream?.wire.sendCopy(bytes, start, end);
  }

  /** The request is complete. */
  bodyEnded(): void {
    if (this.#settled) this.#finish();
    else this.#startTimeout();
  }

  /** The downstream went away. */
  cancel(): void {
    this.#dropUpstream();
    this.#settle(this.#status, 'DC', 'cancelled');
  }

  /** The request turned out to be malformed. True when that can still be answered. */
  refuse(status: number): boolean {
    this.#dropUpstream();
    const answerable = this.#status === 0;
    this.#settle(answerable ? status : this.#status, 'DPE', 'cancelled');
    return answerable;
  }

  onDownstreamDrain(): void {
    this.#upstream?.wire.resume();
  }

  onDeadline(): void {
    this.#dropUpstream();
    if (this.#status === 0) {
      const reason = `${this.#who()} did not answer within ${this.#decision.timeoutMs} ms`;
      this.#fail(504, 'UT', reason, 'timeout');
      return;
    }
    this.#settle(this.#status, 'UT', 'timeout');
    this.#downstream.abort();
  }

  onConnected(connection: UpstreamConnection): void {
    this.#send(connection);
    this.#downstream.adjustReading();
  }

  onConnectFailure(cause: string): void {
    this.#upstream = undefined;
    this.#tries.unreachable();
    const other = this.#tries.another();
    if (other !== undefined) {
      this.#try(other, true);
      return;
    }
    const flag = this.#tries.exhausted ? 'URX' : 'UF';
    this.#fail(503, flag, `cannot connect to ${this.#who()}: ${cause}`, 'connect-failure');
  }

  onInformational(bytes: Buffer, head: Head): void {
    this.#informed = true;
    if (this.#request.minor > 0) this.#downstream.response.informational(bytes, head, 'silent');
  }

  onResponse(bytes: Buffer, head: Head, body: Body, at: number, length: number): number {
    const downstream = this.#downstream;
    const { response } = downstream;
    const { minor } = this.#request;
    const must = response.choose(head, body, minor);
    if (must || downstream.restUnwanted || downstream.draining) downstream.closing = true;
    const note = downstream.closing ? 'close' : minor === 0 ? 'keep-alive' : 'silent';
    const end = response.first(bytes, head, note, body, at, length);
    if (end >= 0) this.#status = head.status;
    this.#slowDown();
    return end;
  }

  onBody(bytes: Buffer, body: Body, at: number, length: number): number {
    const end = this.#downstream.response.more(bytes, body, at, length);
    this.#slowDown();
    return end;
  }

  onComplete(): void {
    const downstream = this.#downstream;
    downstream.response.last();
    this.#settle(this.#status, '-', this.#status >= 500 ? 'server-error' : 'success');
    const bodyFlows = !downstream.requestComplete && !downstream.closing && this.#upstream!.persistent;
    if (bodyFlows) this.#settings.deadlines.set(downstream.deadline, UPLOAD_TAIL_MS);
    else this.#finish();
  }

  onSwitch(connection: UpstreamConnection, bytes: Buffer, head: Head, at: number, length: number): void {
    if (!this.#request.upgrade) {
      this.onFault(Fault.upgradeUnasked);
      return;
    }
    const { clock, deadlines } = this.#settings;
    const { response, deadline } = this.#downstream;
    deadlines.clear(deadline);
    this.#status = head.status;
    this.#upstream = undefined;
    response.informational(bytes, head, 'upgrade');
    if (length > at) response.wire.sendCopy(bytes, at, length);
    const answeredMs = clock.nowMs();
    this.#downstream.tunnel(connection.surrender(), (received) => {
      response.sent += received;
      this.#tries.discount(clock.nowMs() - answeredMs);
      this.#settle(101, '-', 'success');
    });
  }

  onFault(fault: number): void {
    this.#dropUpstream();
    const reason = `the response of ${this.#who()} ${explain(fault).sentence}`;
    if (this.#status === 0) {
      this.#fail(502, 'UPE', reason, 'reset');
      return;
    }
    this.#settle(this.#status, 'UPE', 'reset');
    this.#downstream.abort();
  }

  onDrain(): void {
    this.#downstream.adjustReading();
  }

  onUpstreamClosed(silent: boolean): void {
    const reused = this.#upstream?.reused === true;
    this.#upstream = undefined;
    this.#connected = false;
    if (this.#settled) this.#downstream.exchangeOver();
    else if (this.#status !== 0) {
      this.#settle(this.#status, 'UC', 'reset');
      this.#downstream.abort();
    } else if (silent && reused && this.#request.repeatable && !this.#informed && !this.#repeated) {
      this.#repeated = true;
      this.#tries.end('reset');
      this.#try(this.#tries.same()!, false);
    } else this.#fail(503, 'UC', `${this.#who()} closed the connection before it answered`, 'reset');
  }

  /** As in Envoy, a route's timeout runs from the end of the request: a long upload is not late. */
  #startTimeout(): void {
    const { timeoutMs } = this.#decision;
    if (timeoutMs > 0) this.#settings.deadlines.set(this.#downstream.deadline, timeoutMs);
  }

  /** `kept`: a connection that served others will do. */
  #try(endpoint: Endpoint, kept: boolean): void {
    const request = this.#request;
    this.#tries.begin(endpoint);
    if (request.attemptAt > 0) putAttempt(request.bytes, request.attemptAt, this.#tries.count);
    const { pools, deadlines } = this.#settings;
    const pool = pools.of(endpoint, this.#decision.cluster);
    const idle = kept ? pool.take(this.#startMs, request.repeatable) : undefined;
    if (idle === undefined) this.#upstream = UpstreamConnection.open(pool, deadlines, this);
    else this.#send(idle);
  }

  #send(connection: UpstreamConnection): void {
    this.#upstream = connection;
    this.#connected = true;
    connection.attach(this);
    const { bytes, length } = this.#request;
    connection.wire.sendOwned(bytes.subarray(0, length));
  }

  /** The upstream is read no faster than the downstream takes it. */
  #slowDown(): void {
    if (this.#downstream.response.wire.blocked) this.#upstream?.wire.pause();
  }

  /**
   * The response is sent: the connection goes back to its pool, and the downstream on to its next request. A
   * connection that answered without having taken the whole request is not worth keeping, nor are its bytes.
   */
  #finish(): void {
    const connection = this.#upstream;
    this.#upstream = undefined;
    this.#connected = false;
    this.#settings.deadlines.clear(this.#downstream.deadline);
    const taken = this.#downstream.requestComplete && connection?.wire.blocked === false;
    if (taken) connection.release(this.#endMs);
    else connection?.close();
    this.#downstream.exchangeOver();
  }

  #fail(status: number, flag: ResponseFlag, reason: string, outcome: Outcome): void {
    this.#connected = false;
    this.#downstream.reply({ status, flag, reason });
    this.#settle(status, flag, outcome);
    this.#downstream.exchangeOver();
  }

  #dropUpstream(): void {
    this.#upstream?.close();
    this.#upstream = undefined;
    this.#connected = false;
  }

  #settle(code: number, flag: ResponseFlag, outcome: Outcome): void {
    if (this.#settled) return;
    this.#settled = true;
    const downstream = this.#downstream;
    this.#settings.deadlines.clear(downstream.deadline);
    this.#tries.end(outcome);
    this.#endMs = this.#settings.clock.nowMs();
    const durationMs = this.#endMs - this.#startMs;
    const meter = downstream.meter(this.#decision.cluster, this.#tries.endpoint);
    meter.observe(code, flag, durationMs, downstream.requestBytes, downstream.response.sent);
  }

  #who(): string {
    const host = this.#decision.cluster.service.host;
    const { endpoint } = this.#tries;
    return endpoint === undefined ? host : `${endpoint.key} of ${host}`;
  }
}
