/** One captured connection, from its target to its end: detected, then carried as HTTP or as opaque bytes. */
import type { Logger } from '#api/foundation/logger.ts';
import type { ListenerTarget } from '#sidecar/discovery/snapshot.ts';
import { type HttpSettings, ServerConnection } from '#sidecar/http/server-connection.ts';
import { UpstreamConnection } from '#sidecar/http/upstream-connection.ts';
import type { Established } from '#sidecar/tcp/attempt.ts';
import { OpaqueConnection, type OpaqueSettings } from '#sidecar/tcp/opaque-connection.ts';
import type { Wire } from '#sidecar/tcp/wire.ts';
import type { OriginalDestination } from '#sidecar/upstream/cluster.ts';
import { Detection, type DetectionListener } from './detection.ts';
import type { ServerFirstMemory } from './server-first-memory.ts';

export interface CaptureSettings {
  readonly http: HttpSettings;
  readonly opaque: OpaqueSettings;
  readonly serverFirst: ServerFirstMemory;
  readonly logger: Logger;
}

export class CapturedConnection implements DetectionListener {
  readonly #wire: Wire;
  readonly #target: ListenerTarget;
  readonly #original: OriginalDestination;
  readonly #settings: CaptureSettings;
  readonly #closed: (connection: CapturedConnection) => void;
  #http: ServerConnection | undefined;
  #detection: Detection | undefined;

  /** The wire must not read yet. `closed` is called once, when the connection is gone. */
  constructor(
    wire: Wire,
    target: ListenerTarget,
    original: OriginalDestination,
    settings: CaptureSettings,
    closed: (connection: CapturedConnection) => void,
  ) {
    this.#wire = wire;
    this.#target = target;
    this.#original = original;
    this.#settings = settings;
    this.#closed = closed;
  }

  start(): void {
    if (this.#target.protocol === 'tcp') {
      this.#carryOpaque(NO_BYTES);
      return;
    }
    if (this.#target.protocol === 'http') {
      this.#serveHttp();
      this.#wire.resume();
      return;
    }
    const { opaque, serverFirst } = this.#settings;
    const eager = serverFirst.has(this.#destination);
    this.#detection = new Detection(this.#wire, this.#target, this.#original, opaque, eager, this);
    this.#detection.start();
  }

  /** Lets the connection end as soon as nothing is lost by it. */
  drain(): void {
    if (this.#http !== undefined) this.#http.drain();
    else this.#detection?.drain();
  }

  destroy(): void {
    this.#wire.reset();
  }

  onHttp(before: Buffer, length: number, server: Established | undefined): void {
    this.#settings.serverFirst.forget(this.#destination);
    if (server !== undefined) this.#keepForRequests(server);
    this.#serveHttp().onBytes(before, length);
  }

  onOpaque(before: Buffer, server: Established | undefined, fromServer: Buffer): void {
    if (server === undefined) {
      this.#carryOpaque(before);
      return;
    }
    const connection = new OpaqueConnection(this.#wire, this.#settings.opaque, () => this.#gone());
    connection.join(server, before, fromServer);
  }

  onServerFirst(): void {
    this.#settings.serverFirst.remember(this.#destination);
  }

  onUnreachable(reason: string): void {
    this.#settings.opaque.refused(reason);
    this.#wire.reset();
  }

  onClientGone(): void {
    this.#gone();
  }

  /** Where the connection goes, for those that remember: one listener may stand for many destinations. */
  get #destination(): string {
    return `${this.#original.address}_${this.#original.port}`;
  }

  #serveHttp(): ServerConnection {
    const { http } = this.#settings;
    const connection = new ServerConnection(this.#wire, this.#target, this.#original, http, () =>
      this.#gone(),
    );
    this.#wire.reader = connection;
    this.#http = connection;
    return connection;
  }

  #carryOpaque(before: Buffer): void {
    this.#wire.reader = { ...DEAF, onClose: () => this.#gone() };
    const cluster = this.#target.cluster();
    if (cluster.state === 'found') {
      const connection = new OpaqueConnection(this.#wire, this.#settings.opaque, () => this.#gone());
      connection.connect(cluster.value, this.#original, before);
    } else if (cluster.state === 'fetching') {
      this.#wire.pause();
      const again = (): void => {
        if (!this.#wire.closed) this.#carryOpaque(before);
      };
      cluster.settled.then(again, again);
    } else this.onUnreachable(`there is no cluster for ${this.#target.name}`);
  }

  /** A connection that was made while the protocol was unknown serves the requests that now come. */
  #keepForRequests(server: Established): void {
    const { pools, deadlines, clock } = this.#settings.http;
    const pool = pools.of(server.endpoint, server.cluster);
    server.release('cancelled');
    pool.put(UpstreamConnection.around(server.wire, pool, deadlines), clock.nowMs());
  }

  #gone(): void {
    this.#closed(this);
  }
}

const NO_BYTES = Buffer.alloc(0);
const DEAF = { onBytes() {}, onEnd() {}, onDrain() {} };
