/**
 * Finds out what a connection speaks, by who speaks first. Clients of most protocols do, and their first bytes tell HTTP
 * from the rest. When a client stays silent for a moment, the connection to the server is made meanwhile: if the server
 * speaks then, it is one of those protocols that no first byte of a client can tell (databases, mail), and opaque.
 *
 *     client bytes ── HTTP/1.x ──▶ HTTP      ── others ──▶ opaque      ── too few ──▶ wait for more
 *     silence ──▶ connect to the server ── server bytes ──▶ opaque
 *                                       ── client bytes ──▶ as above; the connection is used, or kept in its pool
 */
import type { ListenerTarget } from '#sidecar/discovery/snapshot.ts';
import { DRAIN_IDLE_MS } from '#sidecar/http/limits.ts';
import { Attempt, type AttemptSettings, type Established } from '#sidecar/tcp/attempt.ts';
import { Deadline } from '#sidecar/tcp/deadlines.ts';
import { Unread } from '#sidecar/tcp/unread.ts';
import type { Wire, WireReader } from '#sidecar/tcp/wire.ts';
import type { Cluster, OriginalDestination } from '#sidecar/upstream/cluster.ts';
import { judgeFirstBytes } from './first-bytes.ts';

/**
 * How long a client may be silent before the server is asked. Clients that speak first do so at once, so this only has
 * to cover a busy machine; servers that speak first answer later by as much on the first connection.
 */
export const CLIENT_FIRST_MS = 50;

/** A client that began to speak and stopped within its first line gets this long for each next piece. */
export const FIRST_LINE_PAUSE_MS = 2_000;

/** What a detection ends with. `before` is what the client has sent; `server` a connection that stands already. */
export interface DetectionListener {
  onHttp(before: Buffer, length: number, server: Established | undefined): void;
  onOpaque(before: Buffer, server: Established | undefined, fromServer: Buffer): void;
  /** The server cannot be reached, and the client said nothing that could be answered. */
  onUnreachable(reason: string): void;
  onClientGone(): void;
  /** The server spoke first. */
  onServerFirst(): void;
}

const NO_BYTES = Buffer.alloc(0);

export class Detection implements WireReader {
  readonly #client: Wire;
  readonly #target: ListenerTarget;
  readonly #original: OriginalDestination;
  readonly #settings: AttemptSettings;
  readonly #serverFirst: boolean;
  readonly #listener: DetectionListener;
  readonly #unread = new Unread();
  readonly #deadline: Deadline = new Deadline(() => this.#onDeadline());
  #attempt: Attempt | undefined;
  #server: Established | undefined;
  #over = false;
  #draining = false;

  /** `serverFirst`: servers of this destination spoke first before, so it is asked at once. */
  constructor(
    client: Wire,
    target: ListenerTarget,
    original: OriginalDestination,
    settings: AttemptSettings,
    serverFirst: boolean,
    listener: DetectionListener,
  ) {
    this.#client = client;
    this.#target = target;
    this.#original = original;
    this.#settings = settings;
    this.#serverFirst = serverFirst;
    this.#listener = listener;
  }

  start(): void {
    this.#client.reader = this;
    this.#client.resume();
    if (this.#serverFirst) this.#askServer();
    else this.#settings.deadlines.set(this.#deadline, CLIENT_FIRST_MS);
  }

  /** A client that is about to speak is heard; one that is silent is let go after a moment. */
  drain(): void {
    if (this.#over) return;
    this.#draining = true;
    this.#settings.deadlines.set(this.#deadline, DRAIN_IDLE_MS);
  }

  /** Ends without a result. */
  cancel(): void {
    if (this.#over) return;
    const server = this.#finish();
    server?.wire.destroy();
    server?.release('cancelled');
  }

  onBytes(bytes: Buffer, length: number): void {
    if (this.#unread.length === 0) {
      const verdict = judgeFirstBytes(bytes, length);
      if (verdict === 'http') {
        this.#listener.onHttp(bytes, length, this.#finish());
        return;
      }
      this.#unread.append(bytes, 0, length);
      this.#judge(verdict);
      return;
    }
    this.#unread.append(bytes, 0, length);
    this.#judge(judgeFirstBytes(this.#unread.bytes, this.#unread.length));
  }

  /** A client that ends without a word may still want to hear: only an opaque connection can do that. */
  onEnd(): void {
    this.#becomeOpaque(NO_BYTES);
  }

  onDrain(): void {}

  onClose(): void {
    this.cancel();
    this.#listener.onClientGone();
  }

  #judge(verdict: ReturnType<typeof judgeFirstBytes>): void {
    if (verdict === 'opaque') this.#becomeOpaque(NO_BYTES);
    else if (verdict === 'more') this.#settings.deadlines.set(this.#deadline, FIRST_LINE_PAUSE_MS);
    else {
      const before = this.#unread.take();
      this.#listener.onHttp(before, before.length, this.#finish());
    }
  }

  #onDeadline(): void {
    if (this.#unread.length > 0) this.#becomeOpaque(NO_BYTES);
    else if (this.#draining) this.#client.reset();
    else this.#askServer();
  }

  #askServer(): void {
    const cluster = this.#target.cluster();
    if (cluster.state === 'found') this.#connect(cluster.value);
    else if (cluster.state === 'fetching') {
      const again = (): void => {
        if (!this.#over) this.#askServer();
      };
      cluster.settled.then(again, again);
    }
  }

  #connect(cluster: Cluster): void {
    this.#attempt = new Attempt(cluster, this.#original, this.#settings, {
      onEstablished: (server) => {
        this.#attempt = undefined;
        this.#server = server;
        server.wire.reader = this.#serverReader();
      },
      onFailed: (_flag, reason) => {
        this.#attempt = undefined;
        if (this.#unread.length > 0) return;
        this.#finish();
        this.#listener.onUnreachable(reason);
      },
    });
    this.#attempt.start();
  }

  #serverReader(): WireReader {
    return {
      onBytes: (bytes, length) => {
        this.#listener.onServerFirst();
        this.#becomeOpaque(bytes.subarray(0, length));
      },
      onEnd: () => this.#becomeOpaque(NO_BYTES),
      onDrain() {},
      onClose: () => {
        this.#server?.release('reset');
        this.#server = undefined;
        this.#finish();
        this.#listener.onUnreachable('the server closed the connection');
      },
    };
  }

  #becomeOpaque(fromServer: Buffer): void {
    const before = this.#unread.take();
    this.#listener.onOpaque(before, this.#finish(), fromServer);
  }

  /** Stops everything but the connection to the server, if one stands, which is the caller's from now on. */
  #finish(): Established | undefined {
    this.#over = true;
    this.#settings.deadlines.clear(this.#deadline);
    this.#attempt?.cancel();
    this.#attempt = undefined;
    const server = this.#server;
    this.#server = undefined;
    return server;
  }
}
