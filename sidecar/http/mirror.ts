/**
 * A copy of a request that is sent elsewhere and forgotten (Envoy's request_mirror_policies): nobody waits for its
 * answer, and whatever becomes of it, the original does not notice. A mirror that cannot keep up is dropped.
 *
 *     connecting ──▶ sending ──▶ its response is read and dropped ──▶ the connection goes back to its pool
 *         └─────────────┴── too late, too full, closed, malformed ──▶ dropped
 *
 * Mirrored requests are not counted among the requests of a service (`istio_requests_total` stays what clients asked
 * for), but in `MirrorCounts`. Endpoints feel them as load, so balancers and breakers do hear of them.
 */
import { Deadline } from '#sidecar/tcp/deadlines.ts';
import type { Cluster, OriginalDestination } from '#sidecar/upstream/cluster.ts';
import type { Endpoint, Outcome } from '#sidecar/upstream/endpoint.ts';
import type { Body } from './body.ts';
import { Connecting } from './connecting.ts';
import type { ExchangeSettings } from './exchange-settings.ts';
import type { Head } from './head.ts';
import type { ConnectListener, ResponseListener } from './response-listener.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** More of a mirrored body than this does not wait in memory for a slow endpoint. */
export const MAX_MIRROR_BYTES: number = 1024 * 1024;

/** The longest that a mirror may take, whatever the route allows. */
export const MAX_MIRROR_MS = 30_000;

/** What became of the mirrors of one direction. */
export interface MirrorCounts {
  started: number;
  /** A whole response came. */
  answered: number;
  /** Given up: no endpoint, an open breaker, too slow, too large, broken, or the original ended early. */
  dropped: number;
}

/** The request as it is to be sent; the head is whole in `bytes`, which are the mirror's own. */
export interface MirroredRequest {
  readonly bytes: Buffer;
  readonly headOnly: boolean;
  readonly repeatable: boolean;
  /** All of the body is in `bytes`. */
  readonly complete: boolean;
  readonly original: OriginalDestination;
  readonly timeoutMs: number;
}

export class MirrorExchange implements ConnectListener, ResponseListener {
  readonly headOnly: boolean;
  readonly #settings: ExchangeSettings;
  readonly #counts: MirrorCounts;
  readonly #cluster: Cluster;
  readonly #deadline: Deadline = new Deadline(() => this.#drop('timeout'));
  #endpoint: Endpoint | undefined;
  #startMs = 0;
  #connecting: Connecting | undefined;
  #upstream: UpstreamConnection | undefined;
  /** What waits for the connection; undefined once it stands. */
  #waiting: Buffer[] | undefined;
  #waitingBytes: number;
  /** The request was sent whole. */
  #sent: boolean;
  #status = 0;
  #over = false;

  constructor(cluster: Cluster, request: MirroredRequest, settings: ExchangeSettings, counts: MirrorCounts) {
    this.headOnly = request.headOnly;
    this.#settings = settings;
    this.#counts = counts;
    this.#cluster = cluster;
    this.#waiting = [request.bytes];
    this.#waitingBytes = request.bytes.length;
    this.#sent = request.complete;
    counts.started += 1;
    this.#start(request);
  }

  /** More of the body; the bytes are copied. */
  sendBody(bytes: Buffer, start: number, end: number): void {
    if (this.#over || end === start) return;
    const copy = Buffer.from(bytes.subarray(start, end));
    if (this.#waiting !== undefined) {
      this.#waiting.push(copy);
      this.#waitingBytes += copy.length;
    } else this.#upstream?.wire.sendOwned(copy);
    if (this.#waitingBytes + this.#unsent > MAX_MIRROR_BYTES) this.#drop('cancelled');
  }

  /** The request is complete. */
  bodyEnded(): void {
    this.#sent = true;
  }

  /** The original came to an end before its body did. */
  cancel(): void {
    if (!this.#sent) this.#drop('cancelled');
  }

  onConnected(connection: UpstreamConnection): void {
    this.#connecting = undefined;
    this.#send(connection);
  }

  onConnectFailure(): void {
    this.#connecting = undefined;
    this.#drop('connect-failure');
  }

  onInformational(): void {}

  onSwitch(): void {
    this.#drop('reset');
  }

  onResponse(bytes: Buffer, head: Head, body: Body, at: number, length: number): number {
    this.#status = head.status;
    return body.take(bytes, at, length);
  }

  onBody(bytes: Buffer, body: Body, at: number, length: number): number {
    return body.take(bytes, at, length);
  }

  onComplete(): void {
    const connection = this.#upstream;
    this.#upstream = undefined;
    if (this.#sent && connection?.wire.blocked === false) connection.release(this.#settings.clock.nowMs());
    else connection?.close();
    this.#end(outcomeOf(this.#status), true);
  }

  onFault(): void {
    this.#drop('reset');
  }

  onDrain(): void {}

  onUpstreamClosed(): void {
    this.#upstream = undefined;
    this.#drop('reset');
  }

  get #unsent(): number {
    return this.#upstream?.wire.socket.writableLength ?? 0;
  }

  #start({ original, repeatable, timeoutMs }: MirroredRequest): void {
    const { requests } = this.#cluster.breakers;
    const room = requests.take();
    const endpoint = room ? this.#cluster.pick({ excluded: [], original, hash: undefined }) : undefined;
    if (endpoint === undefined) {
      if (room) requests.give();
      this.#over = true;
      this.#counts.dropped += 1;
      return;
    }
    const { clock, deadlines, pools } = this.#settings;
    this.#endpoint = endpoint;
    this.#startMs = endpoint.begin();
    deadlines.set(this.#deadline, timeoutMs > 0 ? Math.min(timeoutMs, MAX_MIRROR_MS) : MAX_MIRROR_MS);
    const pool = pools.of(endpoint, this.#cluster);
    const idle = pool.take(clock.nowMs(), repeatable);
    if (idle !== undefined) {
      this.#send(idle);
      return;
    }
    this.#connecting = new Connecting(pool, this.#settings, this);
    if (!this.#connecting.start()) {
      this.#connecting = undefined;
      this.#drop('cancelled');
    }
  }

  #send(connection: UpstreamConnection): void {
    this.#upstream = connection;
    connection.attach(this);
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    this.#waitingBytes = 0;
    for (const bytes of waiting) connection.wire.sendOwned(bytes);
  }

  #drop(outcome: Outcome): void {
    const connection = this.#upstream;
    this.#upstream = undefined;
    this.#connecting?.cancel();
    this.#connecting = undefined;
    connection?.close();
    this.#end(outcome, false);
  }

  #end(outcome: Outcome, answered: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#waiting = undefined;
    this.#waitingBytes = 0;
    this.#settings.deadlines.clear(this.#deadline);
    this.#cluster.breakers.requests.give();
    this.#endpoint?.end(this.#startMs, outcome);
    if (answered) this.#counts.answered += 1;
    else this.#counts.dropped += 1;
  }
}

function outcomeOf(status: number): Outcome {
  if (status < 500) return 'success';
  return status >= 502 && status <= 504 ? 'gateway-error' : 'server-error';
}
