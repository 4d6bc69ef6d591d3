/**
 * One request and its response: picks an endpoint, takes a connection, replays what is safe to replay when that fails,
 * passes the response on, and settles the account exactly once.
 *
 *     start → connecting ─ failed → another endpoint, or 503
 *                 │
 *              waiting ─ closed → once more on a new connection if nothing can have happened, or 503
 *                 │    ─ too late → 504
 *              responding ─ closed or too late → the downstream is reset: a cut body must not look complete
 *                 │
 *              complete ─ the request body may still flow: an early answer does not cost the connection
 */
import type { Clock } from '#api/foundation/clock.ts';
import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type { ForwardDecision } from '#sidecar/routing/route-table.ts';
import type { Deadline, Deadlines } from '#sidecar/tcp/deadlines.ts';
import type { Wire } from '#sidecar/tcp/wire.ts';
import { writeBufferFor } from '#sidecar/tcp/write-buffer.ts';
import type { RequestMeter } from '#sidecar/telemetry/telemetry.ts';
import type { Cluster, OriginalDestination } from '#sidecar/upstream/cluster.ts';
import type { Endpoint, Outcome } from '#sidecar/upstream/endpoint.ts';
import type { PoolSet } from '#sidecar/upstream/pool-set.ts';
import type { Body } from './body.ts';
import { explain, Fault } from './fault.ts';
import type { Head } from './head.ts';
import { MAX_DISCARDED_BYTES, UPLOAD_TAIL_MS } from './limits.ts';
import type { LocalReply } from './local-reply.ts';
import { put } from './octets.ts';
import { CHUNK_ADDED_BYTES, LAST_CHUNK, PayloadWriter, putChunk } from './response-body.ts';
import { type Coding, codingFor, cutFraming } from './response-shape.ts';
import { type ResponseListener, UpstreamConnection } from './upstream-connection.ts';
import { type ConnectionNote, RESPONSE_ADDED_BYTES, writeResponse } from './write-head.ts';

/** What exchanges of one direction have in common. */
export interface ExchangeSettings {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly pools: PoolSet<UpstreamConnection>;
}

/** The request, ready to be sent, and what has to be known of it. */
export interface OutgoingRequest {
  /** Head and the body bytes that came with it: `bytes[0, length)`, unchanged until the exchange is over. */
  readonly bytes: Buffer;
  readonly length: number;
  /** Minor version of the downstream. */
  readonly minor: number;
  readonly headOnly: boolean;
  readonly upgrade: boolean;
  /** Safe to send twice, and whole in `bytes` (RFC 9110 §9.2.2). */
  readonly repeatable: boolean;
  readonly original: OriginalDestination;
}

/** The side that the request came from. */
export interface Downstream {
  readonly wire: Wire;
  /** Expires through `Exchange.onDeadline`. */
  readonly deadline: Deadline;
  /** The connection ends with this response. */
  closing: boolean;
  /** Bytes of the request body that are still to come; 0 when the request is complete. */
  readonly bodyRemaining: number;
  /** Bytes of the request so far, head included. */
  readonly requestBytes: number;
  meter(cluster: Cluster, endpoint: Endpoint | undefined): RequestMeter;
  /** The upstream takes body bytes (again), or none. */
  adjustReading(): void;
  reply(reply: LocalReply): void;
  /** The response is sent whole, or the rest of the request is wanted no more. */
  exchangeOver(): void;
  /** Cuts the response off. */
  abort(): void;
  /** Both wires carry another protocol from now on. */
  tunnel(upstream: Wire, closed: (sent: number, received: number) => void): void;
}

const NONE: readonly Endpoint[] = [];
const payload = new PayloadWriter();

export class Exchange implements ResponseListener {
  readonly headOnly: boolean;
  readonly #downstream: Downstream;
  readonly #settings: ExchangeSettings;
  readonly #decision: ForwardDecision;
  readonly #request: OutgoingRequest;
  readonly #startMs: number;
  #tried: Endpoint[] | undefined;
  #endpoint: Endpoint | undefined;
  #tryStartMs = 0;
  #upstream: UpstreamConnection | undefined;
  #connected = false;
  #informed = false;
  #repeated = false;
  #status = 0;
  #coding: Coding = 'as-is';
  #responseBytes = 0;
  #settled = false;

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
    const { timeoutMs } = this.#decision;
    if (timeoutMs > 0) this.#settings.deadlines.set(this.#downstream.deadline, timeoutMs);
    this.#pick();
  }

  /** Body bytes can be passed on now. */
  get takesBody(): boolean {
    return this.#connected && !this.#upstream!.wire.blocked;
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    if (this.#upstream !== undefined && end > start) this.#upstream.wire.sendCopy(bytes, start, end);
  }

  /** The request is complete. */
  bodyEnded(): void {
    if (this.#settled && this.#status !== 0) this.#finish();
  }

  /** The downstream went away. */
  cancel(): void {
    this.#upstream?.close();
    this.#upstream = undefined;
    this.#settle(this.#status, 'DC', 'cancelled');
  }

  /** The request turned out to be malformed. True when it can still be answered. */
  refuse(): boolean {
    this.#upstream?.close();
    this.#upstream = undefined;
    const answerable = this.#status === 0;
    this.#settle(answerable ? 400 : this.#status, 'DPE', 'cancelled');
    return answerable;
  }

  onDownstreamDrain(): void {
    this.#upstream?.wire.resume();
  }

  onDeadline(): void {
    const late = this.#upstream;
    this.#upstream = undefined;
    late?.close();
    if (this.#settled || this.#status !== 0) {
      this.#settle(this.#status, 'UT', 'timeout');
      this.#downstream.abort();
      return;
    }
    const { timeoutMs } = this.#decision;
    this.#fail(504, 'UT', `${this.#who()} did not answer within ${timeoutMs} ms`, 'timeout');
  }

  #pick(): void {
    const { cluster } = this.#decision;
    const endpoint = cluster.pick(this.#tried ?? NONE, this.#request.original);
    if (endpoint === undefined) {
      this.#fail(503, 'UH', `no endpoint of ${cluster.service.host} is available`, 'connect-failure');
      return;
    }
    this.#try(endpoint, true);
  }

  #try(endpoint: Endpoint, kept: boolean): void {
    this.#endpoint = endpoint;
    this.#tryStartMs = endpoint.begin();
    const { pools, deadlines } = this.#settings;
    const pool = pools.of(endpoint, this.#decision.cluster);
    const idle = kept ? pool.take(this.#startMs, this.#request.repeatable) : undefined;
    if (idle === undefined) this.#upstream = UpstreamConnection.open(pool, deadlines, this);
    else this.#send(idle);
  }

  #send(connection: UpstreamConnection): void {
    this.#upstream = connection;
    this.#connected = true;
    connection.attach(this);
    const { bytes, length } = this.#request;
    connection.wire.sendOwned(length === bytes.length ? bytes : bytes.subarray(0, length));
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
    const { cluster, retry } = this.#decision;
    if (this.#tried.length <= retry.attempts) {
      const other = cluster.pick(this.#tried, this.#request.original);
      if (other !== undefined && !this.#tried.includes(other)) {
        this.#try(other, true);
        return;
      }
    }
    const flag = this.#tried.length > 1 ? 'URX' : 'UF';
    this.#fail(503, flag, `cannot connect to ${endpoint.key} of ${cluster.service.host}: ${cause}`);
  }

  onInformational(bytes: Buffer, head: Head): void {
    this.#informed = true;
    if (this.#request.minor === 0) return;
    cutFraming(head);
    const buffer = writeBufferFor(head.end - head.start + RESPONSE_ADDED_BYTES);
    this.#write(buffer, writeResponse(buffer.bytes, bytes, head, 'silent', 'as-is'));
  }

  onResponse(bytes: Buffer, head: Head, body: Body, at: number, length: number): number {
    this.#coding = codingFor(body, head, this.#request.minor);
    this.#decideClosing(head, body);
    const buffer = writeBufferFor(
      head.end - head.start + length - at + RESPONSE_ADDED_BYTES + CHUNK_ADDED_BYTES,
    );
    const written = writeResponse(buffer.bytes, bytes, head, this.#note(), this.#coding);
    const end = this.#passBody(buffer, written, bytes, body, at, length);
    if (end >= 0) this.#status = head.status;
    return end;
  }

  onBody(bytes: Buffer, body: Body, at: number, length: number): number {
    const buffer = writeBufferFor(length - at + CHUNK_ADDED_BYTES);
    return this.#passBody(buffer, 0, bytes, body, at, length);
  }

  onComplete(): void {
    if (this.#coding === 'add-chunks') {
      this.#responseBytes += LAST_CHUNK.length;
      this.#downstream.wire.sendOwned(LAST_CHUNK);
    }
    this.#settle(this.#status, '-', this.#status >= 500 ? 'server-error' : 'success');
    const downstream = this.#downstream;
    const bodyFlows = downstream.bodyRemaining > 0 && !downstream.closing && this.#upstream!.persistent;
    if (bodyFlows) this.#settings.deadlines.set(downstream.deadline, UPLOAD_TAIL_MS);
    else this.#finish();
  }

  onSwitch(connection: UpstreamConnection, bytes: Buffer, head: Head, rest: number, length: number): void {
    if (!this.#request.upgrade) {
      this.onFault(Fault.upgradeUnasked);
      return;
    }
    const downstream = this.#downstream;
    this.#settings.deadlines.clear(downstream.deadline);
    this.#status = head.status;
    this.#upstream = undefined;
    const buffer = writeBufferFor(head.end - head.start + RESPONSE_ADDED_BYTES);
    this.#write(buffer, writeResponse(buffer.bytes, bytes, head, 'upgrade', 'as-is'));
    if (length > rest) downstream.wire.sendCopy(bytes, rest, length);
    const answeredMs = this.#settings.clock.nowMs();
    downstream.tunnel(connection.surrender(), (_sent, received) => {
      this.#responseBytes += received;
      this.#tryStartMs += this.#settings.clock.nowMs() - answeredMs;
      this.#settle(101, '-', 'success');
    });
  }

  onFault(fault: number): void {
    this.#upstream?.close();
    this.#upstream = undefined;
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

  onUpstreamClosed(silent: boolean, _error: Error | undefined): void {
    const { reused } = this.#upstream!;
    this.#upstream = undefined;
    this.#connected = false;
    if (this.#settled) {
      this.#downstream.exchangeOver();
      return;
    }
    if (this.#status !== 0) {
      this.#settle(this.#status, 'UC', 'reset');
      this.#downstream.abort();
      return;
    }
    if (silent && reused && this.#request.repeatable && !this.#informed && !this.#repeated) {
      this.#repeated = true;
      this.#endTry('reset');
      this.#try(this.#endpoint!, false);
      return;
    }
    this.#fail(503, 'UC', `${this.#who()} closed the connection before it answered`, 'reset');
  }

  #decideClosing(head: Head, body: Body): void {
    const downstream = this.#downstream;
    if (this.#request.minor === 0 && (this.#coding === 'remove-chunks' || body.kind === 'close')) {
      downstream.closing = true;
    }
    if (head.close && downstream.bodyRemaining > MAX_DISCARDED_BYTES) downstream.closing = true;
  }

  #note(): ConnectionNote {
    if (this.#downstream.closing) return 'close';
    return this.#request.minor === 0 ? 'keep-alive' : 'silent';
  }

  /** Takes body bytes behind the `written` bytes of the buffer and sends it all. Returns the offset after them, or a fault. */
  #passBody(
    buffer: ReturnType<typeof writeBufferFor>,
    written: number,
    bytes: Buffer,
    body: Body,
    at: number,
    length: number,
  ): number {
    payload.out = buffer.bytes;
    payload.at = written;
    const unwrap = this.#coding === 'remove-chunks';
    const end = body.take(bytes, at, length, unwrap ? payload : undefined);
    if (end < 0) return end;
    let total = payload.at;
    if (this.#coding === 'add-chunks') total = putChunk(buffer.bytes, total, bytes, at, end);
    else if (!unwrap) total = put(buffer.bytes, total, bytes, at, end);
    if (total > 0) this.#write(buffer, total);
    return end;
  }

  #write(buffer: ReturnType<typeof writeBufferFor>, length: number): void {
    const { wire } = this.#downstream;
    this.#responseBytes += length;
    wire.send(buffer, length);
    if (wire.blocked) this.#upstream?.wire.pause();
  }

  /** The response is sent: the connection goes back to its pool, and the downstream on to its next request. */
  #finish(): void {
    const connection = this.#upstream;
    this.#upstream = undefined;
    this.#connected = false;
    this.#settings.deadlines.clear(this.#downstream.deadline);
    if (this.#downstream.bodyRemaining === 0) connection?.release(this.#settings.clock.nowMs());
    else connection?.close();
    this.#downstream.exchangeOver();
  }

  #fail(status: number, flag: ResponseFlag, reason: string, outcome: Outcome = 'connect-failure'): void {
    this.#connected = false;
    this.#settle(status, flag, outcome);
    this.#downstream.reply({ status, flag, reason });
  }

  #endTry(outcome: Outcome): void {
    const startMs = this.#tryStartMs;
    this.#tryStartMs = -1;
    if (startMs !== -1) this.#endpoint?.end(startMs, outcome);
  }

  #settle(code: number, flag: ResponseFlag, outcome: Outcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#settings.deadlines.clear(this.#downstream.deadline);
    this.#endTry(outcome);
    const durationMs = this.#settings.clock.nowMs() - this.#startMs;
    this.#downstream
      .meter(this.#decision.cluster, this.#endpoint)
      .observe(code, flag, durationMs, this.#downstream.requestBytes, this.#responseBytes);
  }

  #who(): string {
    const host = this.#decision.cluster.service.host;
    return this.#endpoint === undefined ? host : `${this.#endpoint.key} of ${host}`;
  }
}
