/**
 * The client side of a connection to an endpoint: reads responses and hands them to the exchange that uses the
 * connection at present. Lives in its endpoint's pool between exchanges.
 */
import { connectFailure } from '#sidecar/tcp/connect-failure.ts';
import { Deadline, type Deadlines } from '#sidecar/tcp/deadlines.ts';
import { socketAddress } from '#sidecar/tcp/socket-address.ts';
import { dial } from '#sidecar/tcp/sockets.ts';
import { Unread } from '#sidecar/tcp/unread.ts';
import type { Wire, WireReader } from '#sidecar/tcp/wire.ts';
import type { CircuitBreakers } from '#sidecar/upstream/circuit-breakers.ts';
import type { IdleConnection, Pool } from '#sidecar/upstream/pool.ts';
import { Body } from './body.ts';
import { Fault } from './fault.ts';
import { Head } from './head.ts';
import { keepAliveTimeoutMs } from './keep-alive.ts';
import { MAX_HEAD_BYTES, MAX_INFORMATIONAL } from './limits.ts';
import { LF } from './octets.ts';
import {
  CONNECT_TIMED_OUT,
  type ConnectListener,
  type Heard,
  type ResponseListener,
} from './response-listener.ts';
import { frameResponse } from './response-shape.ts';
import { scanResponse } from './scan-response.ts';

/** One at a time is scanned, so one is enough for all connections. */
const head = new Head();

export class UpstreamConnection implements WireReader, IdleConnection {
  readonly wire: Wire;
  readonly pool: Pool<UpstreamConnection>;
  idleSinceMs = 0;
  keepAliveMs: number = Number.POSITIVE_INFINITY;
  readonly expiresMs: number;
  /** It served a request before the present one. */
  reused = false;
  #served = 0;
  /** Own address, once it was noted. */
  local = '';
  #connector: ConnectListener | undefined;
  #listener: ResponseListener | undefined;
  #state: 'connecting' | 'idle' | 'head' | 'body' | 'complete' | 'closed';
  #silent = true;
  /** 1xx responses in front of the present one. */
  #informational = 0;
  #persistent = true;
  readonly #unread = new Unread();
  readonly #body = new Body();
  readonly #deadlines: Deadlines;
  readonly #connectDeadline: Deadline;
  /** It counts there until its end, whatever becomes of the cluster's configuration. */
  readonly #breakers: CircuitBreakers;

  private constructor(
    pool: Pool<UpstreamConnection>,
    breakers: CircuitBreakers,
    deadlines: Deadlines,
    nowMs: number,
    connector: ConnectListener | undefined,
    established: Wire | undefined,
  ) {
    const { connectTimeoutMs, connections } = pool.cluster;
    this.pool = pool;
    pool.connections += 1;
    this.expiresMs = nowMs + (connections.maxDurationMs || Number.POSITIVE_INFINITY);
    this.#deadlines = deadlines;
    this.#connector = connector;
    this.#breakers = breakers;
    this.#connectDeadline = new Deadline(() => this.#failToConnect(CONNECT_TIMED_OUT));
    if (established !== undefined) {
      established.reader = this;
      this.wire = established;
      this.#state = 'idle';
      return;
    }
    this.#state = 'connecting';
    deadlines.set(this.#connectDeadline, connectTimeoutMs);
    this.wire = dial(pool.endpoint, this, () => this.#connected(), connections);
  }

  /** Connects on behalf of `connector`, which has taken the room for it from `breakers`. */
  static open(
    pool: Pool<UpstreamConnection>,
    breakers: CircuitBreakers,
    deadlines: Deadlines,
    nowMs: number,
    connector: ConnectListener,
  ): UpstreamConnection {
    return new UpstreamConnection(pool, breakers, deadlines, nowMs, connector, undefined);
  }

  /** Takes over a connection that was made before it was known to carry HTTP. */
  static around(
    wire: Wire,
    pool: Pool<UpstreamConnection>,
    deadlines: Deadlines,
    nowMs: number,
  ): UpstreamConnection {
    const { breakers } = pool.cluster;
    breakers.connections.force();
    return new UpstreamConnection(pool, breakers, deadlines, nowMs, undefined, wire);
  }

  /** Whether it can carry another request after the present one. */
  get persistent(): boolean {
    return this.#persistent && !this.wire.ended && !this.wire.closed;
  }

  /** Notes its own address, which is gone when the connection is. */
  noteLocal(): void {
    const { localAddress, localPort } = this.wire.socket;
    if (this.local === '') this.local = socketAddress(localAddress, localPort);
  }

  /** The next response belongs to `listener`. */
  attach(listener: ResponseListener): void {
    this.#listener = listener;
    this.#state = 'head';
    this.#silent = true;
    this.#informational = 0;
  }

  /** Gives the connection back to its pool. */
  release(nowMs: number): void {
    this.#listener = undefined;
    this.#served += 1;
    const { maxRequests } = this.pool.cluster.connections;
    const worn = (maxRequests > 0 && this.#served >= maxRequests) || nowMs >= this.expiresMs;
    if (worn || this.#state !== 'complete' || !this.persistent) {
      this.close();
      return;
    }
    this.#state = 'idle';
    this.reused = true;
    this.wire.resume();
    this.pool.put(this, nowMs);
  }

  /** Leaves the wire to somebody else: it carries another protocol from now on. */
  surrender(): Wire {
    this.#state = 'closed';
    this.#listener = undefined;
    this.pool.closed(this);
    return this.wire;
  }

  /** The wire that was surrendered is closed. */
  surrenderedWireClosed(): void {
    this.#breakers.giveConnection();
  }

  /** Closes without a word to the listeners. */
  close(): void {
    this.#listener = undefined;
    this.#connector = undefined;
    this.#deadlines.clear(this.#connectDeadline);
    this.wire.destroy();
  }

  onBytes(bytes: Buffer, length: number): void {
    if (this.#state === 'body') {
      this.#readBody(bytes, 0, length);
      return;
    }
    if (this.#state !== 'head') {
      this.#unsolicited();
      return;
    }
    if (this.#silent) this.#hear();
    if (this.#unread.length === 0) {
      this.#readHead(bytes, 0, length);
      return;
    }
    this.#unread.append(bytes, 0, length);
    if (this.#unread.length > MAX_HEAD_BYTES || bytes.subarray(0, length).includes(LF)) {
      const kept = this.#unread.take();
      this.#readHead(kept, 0, kept.length);
    }
  }

  /** The first bytes of a response. Whoever answers before the request has left is not to end the exchange with it unsent. */
  #hear(): void {
    this.#silent = false;
    this.wire.flush();
  }

  onEnd(): void {
    if (this.#state === 'body' && this.#body.kind === 'close') {
      this.#body.done = true;
      this.#persistent = false;
      this.#complete();
      return;
    }
    this.wire.destroy();
  }

  onDrain(): void {
    this.#listener?.onDrain();
  }

  onClose(error: Error | undefined): void {
    const before = this.#state;
    this.#state = 'closed';
    this.#deadlines.clear(this.#connectDeadline);
    const listener = this.#listener;
    const connector = this.#connector;
    this.#listener = undefined;
    this.#connector = undefined;
    this.#breakers.giveConnection();
    this.pool.closed(this);
    if (before === 'connecting') connector?.onConnectFailure(connectFailure(error));
    else listener?.onUpstreamClosed(this.#heard());
  }

  #heard(): Heard {
    if (this.#silent) return 'nothing';
    return this.#unread.length > 0 ? 'part' : 'interim';
  }

  #connected(): void {
    if (this.#state !== 'connecting') return;
    this.#deadlines.clear(this.#connectDeadline);
    this.#state = 'idle';
    const connector = this.#connector;
    this.#connector = undefined;
    connector?.onConnected(this);
  }

  #failToConnect(cause: string): void {
    const connector = this.#connector;
    this.close();
    connector?.onConnectFailure(cause);
  }

  #readHead(bytes: Buffer, from: number, length: number): void {
    let at = from;
    for (;;) {
      const end = scanResponse(bytes, at, length, head);
      if (end === 0) {
        this.#unread.append(bytes, at, length);
        return;
      }
      if (end < 0) {
        this.#listener!.onFault(end);
        return;
      }
      at = end;
      if (head.status >= 200) break;
      if (head.status === 101) {
        const listener = this.#listener!;
        listener.onSwitch(this, bytes, head, at, length);
        return;
      }
      this.#informational += 1;
      if (this.#informational > MAX_INFORMATIONAL) {
        this.#listener!.onFault(Fault.informationalFlood);
        return;
      }
      this.#listener!.onInformational(bytes, head);
      if (this.#listener === undefined || at === length) return;
    }
    this.#startBody(bytes, at, length);
  }

  #startBody(bytes: Buffer, at: number, length: number): void {
    const listener = this.#listener!;
    frameResponse(this.#body, head, listener.headOnly);
    this.#persistent = !head.close && (head.minor === 1 || head.keepAlive) && this.#body.kind !== 'close';
    if (head.keepAliveLine >= 0) this.keepAliveMs = keepAliveTimeoutMs(bytes, head);
    this.#state = 'body';
    this.#taken(listener.onResponse(bytes, head, this.#body, at, length), length);
  }

  #readBody(bytes: Buffer, at: number, length: number): void {
    this.#taken(this.#listener!.onBody(bytes, this.#body, at, length), length);
  }

  #taken(end: number, length: number): void {
    if (end < 0) {
      this.#listener?.onFault(end);
      return;
    }
    if (!this.#body.done) return;
    if (end < length) this.#persistent = false;
    this.#complete();
  }

  #complete(): void {
    this.#state = 'complete';
    this.#listener?.onComplete();
  }

  /** Bytes that no request asked for would be taken for the answer to the next one. */
  #unsolicited(): void {
    this.#persistent = false;
    this.wire.destroy();
  }
}
