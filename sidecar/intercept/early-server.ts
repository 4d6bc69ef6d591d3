/**
 * The server that is asked before it is known what its client speaks. It may speak first; else its connection waits, and is
 * handed over to what the client turns out to speak.
 */
import type { ListenerTarget } from '#sidecar/discovery/snapshot.ts';
import {
  Attempt,
  type AttemptListener,
  type AttemptSettings,
  type Established,
} from '#sidecar/tcp/attempt.ts';
import type { WireReader } from '#sidecar/tcp/wire.ts';
import type { Cluster, OriginalDestination } from '#sidecar/upstream/cluster.ts';

/** Hears of it until it is taken. */
export interface EarlyServerListener {
  /** It spoke first. Bytes are valid only during the call. */
  onSpoken(bytes: Buffer): void;
  /** It ended its side without a word. */
  onEnded(): void;
  /** No connection could be made. */
  onUnreachable(reason: string): void;
  /** Its connection is gone. */
  onClosed(): void;
}

export class EarlyServer {
  readonly #target: ListenerTarget;
  readonly #original: OriginalDestination;
  readonly #settings: AttemptSettings;
  readonly #listener: EarlyServerListener;
  #attempt: Attempt | undefined;
  #server: Established | undefined;
  #over = false;

  /** A server of `target`, for a client that wanted to go to `original`. */
  constructor(
    target: ListenerTarget,
    original: OriginalDestination,
    settings: AttemptSettings,
    listener: EarlyServerListener,
  ) {
    this.#target = target;
    this.#original = original;
    this.#settings = settings;
    this.#listener = listener;
  }

  /** Connects, as soon as the cluster is there; one that does not exist is left to those who need it. */
  ask(): void {
    const cluster = this.#target.cluster();
    if (cluster.state === 'found') this.#connect(cluster.value);
    else if (cluster.state === 'fetching') {
      const again = (): void => {
        if (!this.#over) this.ask();
      };
      cluster.settled.then(again, again);
    }
  }

  /** Ends the asking; a connection that stands is the caller's from now on. */
  take(): Established | undefined {
    this.#over = true;
    this.#attempt?.cancel();
    this.#attempt = undefined;
    const server = this.#server;
    this.#server = undefined;
    return server;
  }

  /** Ends the asking, and the connection with it. */
  drop(): void {
    const server = this.take();
    server?.wire.destroy();
    server?.release('cancelled');
  }

  #connect(cluster: Cluster): void {
    const listener: AttemptListener = {
      onEstablished: (server) => {
        this.#attempt = undefined;
        this.#server = server;
        server.wire.reader = this.#reader();
      },
      onFailed: (_flag, reason) => {
        this.#attempt = undefined;
        this.#listener.onUnreachable(reason);
      },
    };
    this.#attempt = new Attempt(cluster, this.#original, this.#settings, listener, this.#target.opaque);
    this.#attempt.start();
  }

  #reader(): WireReader {
    return {
      onBytes: (bytes, length) => this.#listener.onSpoken(bytes.subarray(0, length)),
      onEnd: () => this.#listener.onEnded(),
      onDrain() {},
      onClose: () => {
        if (this.#over) return;
        this.#server?.release('reset');
        this.#server = undefined;
        this.#listener.onClosed();
      },
    };
  }
}
