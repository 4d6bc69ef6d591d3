/** One accepted connection, from its filter chains to its end: detected, then carried as HTTP or as opaque bytes. */
import type { Logger } from '#api/foundation/logger.ts';
import type { FilterChains, ListenerTarget } from '#sidecar/discovery/snapshot.ts';
import { ServerConnection } from '#sidecar/http/server-connection.ts';
import { UpstreamConnection } from '#sidecar/http/upstream-connection.ts';
import type { Established } from '#sidecar/tcp/attempt.ts';
import { Deadline } from '#sidecar/tcp/deadlines.ts';
import { OpaqueConnection } from '#sidecar/tcp/opaque-connection.ts';
import { DEFAULT_OPAQUE_POLICY } from '#sidecar/tcp/opaque-policy.ts';
import { terminateTls } from '#sidecar/tcp/tls-sockets.ts';
import type { Wire, WireReader } from '#sidecar/tcp/wire.ts';
import type { OriginalDestination } from '#sidecar/upstream/cluster.ts';
import type { ConnectionCount } from './connection-count.ts';
import { Detection, type DetectionListener } from './detection.ts';
import type { HttpSettingsByTarget } from './http-settings-by-target.ts';
import type { KeptLimits } from './kept-limits.ts';
import type { OpaqueSettingsByTarget } from './opaque-settings-by-target.ts';
import type { RefusalLog } from './refusal-log.ts';
import type { ServerFirstMemory } from './server-first-memory.ts';

export interface CaptureSettings {
  readonly http: HttpSettingsByTarget;
  readonly opaque: OpaqueSettingsByTarget;
  readonly serverFirst: ServerFirstMemory;
  /** All that this process has. */
  readonly gate: ConnectionCount;
  /** Those of chains that limit them, by how many they allow. */
  readonly counts: KeptLimits<number, ConnectionCount>;
  readonly refusals: RefusalLog;
  readonly logger: Logger;
}

export class CapturedConnection implements DetectionListener {
  readonly original: OriginalDestination;
  /** Set once it is known what the connection is. */
  target: ListenerTarget | undefined;
  #wire: Wire;
  readonly #chains: FilterChains;
  readonly #settings: CaptureSettings;
  readonly #closed: (connection: CapturedConnection) => void;
  #http: ServerConnection | undefined;
  #detection: Detection | undefined;
  /** What its ClientHello asked for, where one was read. */
  #serverName = '';
  /** Where its chain counts it. */
  #count: ConnectionCount | undefined;

  /** The wire must not read yet. `closed` is called once, when the connection is gone. */
  constructor(
    wire: Wire,
    chains: FilterChains,
    original: OriginalDestination,
    settings: CaptureSettings,
    closed: (connection: CapturedConnection) => void,
  ) {
    this.#wire = wire;
    this.#chains = chains;
    this.original = original;
    this.#settings = settings;
    this.#closed = closed;
  }

  start(): void {
    const { plain, hello } = this.#chains;
    if (hello === undefined && plain !== undefined && !this.#admitted(plain)) return;
    if (hello === undefined && plain !== undefined && plain.protocol !== 'detect') {
      if (plain.tls !== undefined) this.onTls(plain, NO_BYTES);
      else this.#carry(plain);
      return;
    }
    const { opaque, serverFirst } = this.#settings;
    const eager = serverFirst.has(this.#destination);
    this.#detection = new Detection(this.#wire, this.#chains, this.original, opaque.plain, eager, this);
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

  onHttp(target: ListenerTarget, before: Buffer, length: number, server: Established | undefined): void {
    if (!this.#admitted(target, server)) return;
    this.#settings.serverFirst.forget(this.#destination);
    if (server !== undefined) this.#keepForRequests(server);
    this.#serveHttp(target).onBytes(before, length);
  }

  onOpaque(
    target: ListenerTarget,
    before: Buffer,
    server: Established | undefined,
    fromServer: Buffer,
  ): void {
    if (!this.#admitted(target, server)) return;
    if (server === undefined) this.#carryOpaque(target, before);
    else this.#opaque(target).join(server, before, fromServer);
  }

  onTls(target: ListenerTarget, before: Buffer): void {
    if (!this.#admitted(target)) return;
    const outer = this.#wire;
    outer.pause();
    const { deadlines, refused } = this.#settings.opaque.plain;
    const late = new Deadline(() => {
      refused(`its TLS handshake took longer than ${HANDSHAKE_MS} ms`);
      outer.reset();
    });
    deadlines.set(late, HANDSHAKE_MS);
    outer.reader = { ...this.#deaf(), onClose: () => this.#handshakeOver(late) };
    const secured = (wire: Wire): void => {
      deadlines.clear(late);
      outer.reader = DEAF;
      this.#wire = wire;
      this.#carry(target);
    };
    terminateTls(outer, before, target.tls!, secured, refused);
  }

  #handshakeOver(late: Deadline): void {
    this.#settings.opaque.plain.deadlines.clear(late);
    this.#gone();
  }

  onHello(serverName: string): void {
    this.#serverName = serverName;
  }

  onServerFirst(): void {
    this.#settings.serverFirst.remember(this.#destination);
  }

  onUnreachable(reason: string): void {
    this.#settings.opaque.plain.refused(reason);
    this.#wire.reset();
  }

  onClientGone(): void {
    this.#gone();
  }

  /** Where the connection goes, for those that remember: one listener may stand for many destinations. */
  get #destination(): string {
    return `${this.original.address}_${this.original.port}`;
  }

  /** Counted where its chain wants it; one too many is closed, as in Envoy, without a word. */
  #admitted({ chain, maxConnections, name }: ListenerTarget, server?: Established): boolean {
    if (maxConnections === undefined || this.#count !== undefined) return true;
    const count = this.#settings.counts.of(chain, maxConnections)!;
    if (count.take()) {
      this.#count = count;
      return true;
    }
    const { gate, refusals } = this.#settings;
    gate.refused += 1;
    refusals.write(`${name} has ${maxConnections} connections, all that it allows (max_connections)`);
    server?.wire.destroy();
    server?.release('cancelled');
    this.#wire.reader = this.#deaf();
    this.#wire.reset();
    return false;
  }

  #carry(target: ListenerTarget): void {
    if (target.protocol === 'tcp') {
      this.#carryOpaque(target, NO_BYTES);
      return;
    }
    this.#serveHttp(target);
    this.#wire.resume();
  }

  #serveHttp(target: ListenerTarget): ServerConnection {
    const settings = this.#settings.http.of(target);
    this.target = target;
    const connection = new ServerConnection(this.#wire, target, this.original, settings, () => this.#gone());
    this.#wire.reader = connection;
    this.#http = connection;
    return connection;
  }

  #carryOpaque(target: ListenerTarget, before: Buffer): void {
    this.target = target;
    this.#wire.reader = this.#deaf();
    const cluster = target.cluster();
    if (cluster.state === 'found') this.#opaque(target).connect(cluster.value, before);
    else if (cluster.state === 'fetching') {
      this.#wire.pause();
      const again = (): void => {
        if (!this.#wire.closed) this.#carryOpaque(target, before);
      };
      cluster.settled.then(again, again);
    } else this.#opaque(target).refuse(`there is no cluster for ${target.name}`);
  }

  #opaque(target: ListenerTarget): OpaqueConnection {
    const policy = target.opaque ?? DEFAULT_OPAQUE_POLICY;
    this.target = target;
    const settings = this.#settings.opaque.of(target);
    const destination = { original: this.original, serverName: this.#serverName };
    return new OpaqueConnection(this.#wire, destination, settings, policy, () => this.#gone());
  }

  #deaf(): WireReader {
    return { ...DEAF, onClose: () => this.#gone() };
  }

  /** A connection that was made while the protocol was unknown serves the requests that now come. */
  #keepForRequests(server: Established): void {
    const { pools, deadlines, clock } = this.#settings.http.plain;
    const pool = pools.of(server.endpoint, server.cluster);
    server.release('cancelled');
    const nowMs = clock.nowMs();
    pool.put(UpstreamConnection.around(server.wire, pool, deadlines, nowMs), nowMs);
  }

  #gone(): void {
    this.#count?.give();
    this.#count = undefined;
    this.#closed(this);
  }
}

/** Two round trips and some arithmetic. Envoy has no limit unless one is set (`transport_socket_connect_timeout`). */
export const HANDSHAKE_MS = 15_000;

const NO_BYTES = Buffer.alloc(0);
const DEAF: WireReader = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} };
