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
import { type ResponseListener, UpstreamConnection } from './upstream-connection.ts';
import { putAttempt } from './write-head.ts';

/** What exchanges of one direction have in common. */
export interface ExchangeSettings {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly pools: PoolSet<UpstreamConnection>;
}

const NONE: readonly Endpoint[] = [];
/** No try is under way. */
const NO_TRY = -1;

export class Exchange implements ResponseListener {
  readonly headOnly: boolean;
  readonly #downstream: Downstream;
  readonly #settings: ExchangeSettings;
  readonly #decision: ForwardDecision;
  readonly #request: OutgoingRequest;
  readonly #startMs: number;
  #tried: Endpoint[] | undefined;
  #attempt = 0;
  #endpoint: Endpoint | undefined;
  #tryStartMs = NO_TRY;
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
    this.headOnly = request.headOnly;
  }

  start(): void {
    const { cluster } = this.#decision;
    if (this.#downstream.requestComplete) this.#limit();
    const endpoint = cluster.pick(NONE, this.#request.original);
    if (endpoint !== undefined) this.#try(endpoint, true);
    else this.#fail(503, 'UH', `no endpoint of ${cluster.service.host} is available`, 'connect-failure');
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
    else this.#limit();
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

  onConnectFailure(connection: UpstreamConnection, cause: string): void {
    const endpoint = connection.pool.endpoint;
    this.#upstream = undefined;
    this.#endTry('connect-failure');
    this.#tried ??= [];
    this.#tried.push(endpoint);
    const other = this.#another();
    if (other !== undefined) {
      this.#try(other, true);
      return;
    }
    const flag = this.#tried.length > 1 ? 'URX' : 'UF';
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
      this.#tryStartMs += clock.nowMs() - answeredMs;
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
      this.#endTry('reset');
      this.#try(this.#present(), false);
    } else this.#fail(503, 'UC', `${this.#who()} closed the connection before it answered`, 'reset');
  }

  /** The route's timeout runs from the end of the request on, as in Envoy: a slow upload is not a slow answer. */
  #limit(): void {
    const { timeoutMs } = this.#decision;
    if (timeoutMs > 0) this.#settings.deadlines.set(this.#downstream.deadline, timeoutMs);
  }

  /** An endpoint that was not tried yet, while the route allows another try. */
  #another(): Endpoint | undefined {
    const tried = this.#tried ?? NONE;
    const { cluster, retry } = this.#decision;
    if (tried.length > retry.attempts) return undefined;
    const endpoint = cluster.pick(tried, this.#request.original);
    return endpoint === undefined || tried.includes(endpoint) ? undefined : endpoint;
  }

  /** The endpoint of the last try, or one in its place when it has left the cluster meanwhile. */
  #present(): Endpoint {
    const endpoint = this.#endpoint!;
    if (endpoint.removed !== true) return endpoint;
    return this.#decision.cluster.pick(NONE, this.#request.original) ?? endpoint;
  }

  /** `kept`: a connection that served others will do. */
  #try(endpoint: Endpoint, kept: boolean): void {
    const request = this.#request;
    this.#attempt += 1;
    if (request.attemptAt > 0) putAttempt(request.bytes, request.attemptAt, this.#attempt);
    this.#endpoint = endpoint;
    this.#tryStartMs = endpoint.begin();
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

  #endTry(outcome: Outcome): void {
    const startMs = this.#tryStartMs;
    this.#tryStartMs = NO_TRY;
    if (startMs !== NO_TRY) this.#endpoint?.end(startMs, outcome);
  }

  #settle(code: number, flag: ResponseFlag, outcome: Outcome): void {
    if (this.#settled) return;
    this.#settled = true;
    const downstream = this.#downstream;
    this.#settings.deadlines.clear(downstream.deadline);
    this.#endTry(outcome);
    this.#endMs = this.#settings.clock.nowMs();
    const durationMs = this.#endMs - this.#startMs;
    const meter = downstream.meter(this.#decision.cluster, this.#endpoint);
    meter.observe(code, flag, durationMs, downstream.requestBytes, downstream.response.sent);
  }

  #who(): string {
    const host = this.#decision.cluster.service.host;
    return this.#endpoint === undefined ? host : `${this.#endpoint.key} of ${host}`;
  }
}
