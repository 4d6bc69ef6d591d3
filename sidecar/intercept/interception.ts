/** The listener of one direction: takes captured connections, finds out where each was going, and has it carried there. */
import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { Random } from '#api/foundation/random.ts';
import type { Lookup } from '#sidecar/discovery/lookup.ts';
import type { FilterChains, Snapshot } from '#sidecar/discovery/snapshot.ts';
import { AddedLines, ENTROPY_BYTES } from '#sidecar/http/added-lines.ts';
import { AnswerLog } from '#sidecar/http/answer-log.ts';
import type { DeadlineMemory } from '#sidecar/http/deadline-memory.ts';
import { Head } from '#sidecar/http/head.ts';
import type { HttpSettings } from '#sidecar/http/http-settings.ts';
import { RequestMeters } from '#sidecar/http/meters.ts';
import type { MirrorCounts } from '#sidecar/http/mirror.ts';
import { MESH_LIMITS } from '#sidecar/http/server-limits.ts';
import type { UpstreamConnection } from '#sidecar/http/upstream-connection.ts';
import { Deadlines } from '#sidecar/tcp/deadlines.ts';
import { listen } from '#sidecar/tcp/listen.ts';
import { adopt, chooseReadMode, SERVER_OPTIONS } from '#sidecar/tcp/sockets.ts';
import type { Wire } from '#sidecar/tcp/wire.ts';
import type { Observers } from '#sidecar/telemetry/observers.ts';
import type { Telemetry } from '#sidecar/telemetry/telemetry.ts';
import type { OriginalDestination } from '#sidecar/upstream/cluster.ts';
import { PoolSet } from '#sidecar/upstream/pool-set.ts';
import type { CaptureSettings } from './captured-connection.ts';
import { ConnectionCount } from './connection-count.ts';
import { ConnectionGroup } from './connection-group.ts';
import { HttpSettingsByTarget } from './http-settings-by-target.ts';
import { KeptLimits } from './kept-limits.ts';
import { OpaqueSettingsByTarget } from './opaque-settings-by-target.ts';
import type { OriginalDestinationReader } from './original-destination.ts';
import { RefusalLog } from './refusal-log.ts';
import { ServerFirstMemory } from './server-first-memory.ts';

export interface InterceptionOptions {
  readonly direction: 'outbound' | 'inbound';
  readonly host: string;
  readonly port: number;
  /** The configuration at the moment of asking. */
  readonly snapshot: { readonly value: Snapshot };
  readonly telemetry: Telemetry;
  /** Makes of what listeners say of it what watches their traffic. */
  readonly observers: Observers;
  readonly originalDestination: OriginalDestinationReader;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** `POD.NAMESPACE`, for those who read what the sidecar answers. */
  readonly pod: string;
  /** Deadlines of the requests that the app is busy with, shared by both directions: told inbound, asked outbound. */
  readonly deadlineMemory?: DeadlineMemory | undefined;
  /** All connections that come in, by whichever listener; absent: there may be any number. */
  readonly gate?: ConnectionCount | undefined;
}

export interface Interception {
  /**
   * Lets what is under way end: responses close their connections, idle ones are closed, new connections are still
   * served. Resolves when no connection is left, or after `timeoutMs`.
   */
  drain(timeoutMs: number): Promise<void>;
  /** Stops listening and closes every connection. */
  close(): void;
  /** Captured connections that are open. */
  connections(): number;
  address(): { readonly address: string; readonly port: number };
  /** What became of mirrored requests. */
  readonly mirrors: Readonly<MirrorCounts>;
  /** Idle connections to endpoints by the service that they lead to. */
  idle(): ReadonlyMap<string, number>;
  /** Lets connections end whose configuration is gone. */
  endStale(): void;
  /** Connections that come elsewhere and are carried as those of this direction are. */
  group(): ConnectionGroup;
}

/** Where all sidecars listen: connections that go there have gone in a circle. */
const CAPTURE_PORTS: readonly number[] = [15001, 15006];

const LISTEN_BACKLOG = 4096;

/** Starts to take connections. Rejects when the port cannot be listened on. */
export async function startInterception(options: InterceptionOptions): Promise<Interception> {
  const readMode = await chooseReadMode();
  if (readMode === 'data') options.logger.warn('accepted sockets cannot be read in place on this Node');
  const server = createServer(SERVER_OPTIONS);
  const interceptor = new Interceptor(options, server);
  server.on('connection', (socket: Socket) => interceptor.accept(adopt(socket, readMode)));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    listen(server, { host: options.host, port: options.port, backlog: LISTEN_BACKLOG });
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (error) => interceptor.unaccepted(error));
  return interceptor;
}

class Interceptor implements Interception {
  readonly mirrors: MirrorCounts = { started: 0, answered: 0, dropped: 0 };
  readonly #options: InterceptionOptions;
  readonly #server: Server;
  readonly #capture: CaptureSettings;
  readonly #pools: PoolSet<UpstreamConnection>;
  readonly #connections: ConnectionGroup;
  readonly #ownAddresses: ReadonlySet<string>;
  #draining = false;

  constructor(options: InterceptionOptions, server: Server) {
    this.#options = options;
    this.#server = server;
    this.#pools = new PoolSet<UpstreamConnection>(options.clock);
    this.#capture = this.#settings();
    this.#connections = this.group();
    this.#ownAddresses = new Set(
      Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map((a) => a.address)),
    );
  }

  accept(wire: Wire): void {
    const original = this.#options.originalDestination.read(wire.socket);
    if (original === undefined || this.#isOwn(original)) {
      const reason = original === undefined ? 'it was not redirected here' : 'it goes to this sidecar itself';
      this.#options.logger.warn('a connection was refused', { reason, direction: this.#options.direction });
      wire.reset();
      return;
    }
    this.#route(wire, original);
  }

  unaccepted(error: Error): void {
    this.#connections.unaccepted(error);
  }

  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    await this.#connections.drain(timeoutMs, this.#options.clock);
  }

  close(): void {
    this.#server.close();
    this.#connections.destroy();
    this.#pools.clear();
  }

  idle(): Map<string, number> {
    return this.#pools.idleByService();
  }

  connections(): number {
    return this.#connections.size;
  }

  endStale(): void {
    const { serves } = this.#options.snapshot.value;
    this.#connections.drainThose(({ target }) => target !== undefined && !serves(target));
  }

  group(): ConnectionGroup {
    return new ConnectionGroup(this.#capture);
  }

  address(): { readonly address: string; readonly port: number } {
    return this.#server.address() as { address: string; port: number };
  }

  #route(wire: Wire, original: OriginalDestination): void {
    const target = this.#lookUp(original);
    if (target.state === 'found') {
      this.#connections.carry(wire, target.value, original);
    } else if (target.state === 'fetching') {
      const again = (): void => {
        if (!wire.closed) this.#route(wire, original);
      };
      target.settled.then(again, again);
    } else {
      const destination = `${original.address}:${original.port}`;
      this.#options.logger.warn('a connection was refused', { reason: 'no listener matches', destination });
      wire.reset();
    }
  }

  #lookUp({ address, port }: OriginalDestination): Lookup<FilterChains> {
    const snapshot = this.#options.snapshot.value;
    return this.#options.direction === 'outbound'
      ? snapshot.outbound(address, port)
      : snapshot.inbound(address, port);
  }

  #isOwn({ address, port }: OriginalDestination): boolean {
    const own = port === this.address().port || CAPTURE_PORTS.includes(port);
    return own && this.#ownAddresses.has(address);
  }

  #settings(): CaptureSettings {
    const { clock, random, telemetry, observers, logger, direction, deadlineMemory, pod } = this.#options;
    const reporter = direction === 'outbound' ? 'source' : 'destination';
    const deadlines = new Deadlines(clock);
    const peerMetadata = direction === 'outbound' ? telemetry.ownPeerMetadata : '';
    const hop = `${direction} sidecar of ${pod}`;
    const entropy = (): Buffer => randomBytes(ENTROPY_BYTES);
    const linesFor = (scheme: 'http' | 'https', traceparent: boolean): AddedLines =>
      new AddedLines({ peerMetadata, traceparent, entropy, scheme });
    const http: HttpSettings = {
      clock,
      random,
      remembers: direction === 'inbound' ? deadlineMemory : undefined,
      inbound: direction === 'inbound',
      inherits: direction === 'outbound' ? deadlineMemory : undefined,
      deadlines,
      pools: this.#pools,
      added: linesFor('http', false),
      meters: new RequestMeters(telemetry, reporter),
      draining: () => this.#draining,
      hop,
      scheme: 'http',
      answers: new AnswerLog(logger, clock, hop),
      mirrors: this.mirrors,
      limits: MESH_LIMITS,
      head: new Head(),
    };
    return {
      http: new HttpSettingsByTarget(http, { lines: linesFor, observers, reporter }),
      opaque: new OpaqueSettingsByTarget(
        {
          clock,
          deadlines,
          telemetry,
          reporter,
          refused: (reason) => logger.warn('a connection was refused', { reason, direction }),
        },
        observers,
      ),
      serverFirst: new ServerFirstMemory(),
      gate: this.#options.gate ?? new ConnectionCount(Number.POSITIVE_INFINITY),
      counts: new KeptLimits((limit) => new ConnectionCount(limit)),
      refusals: new RefusalLog(logger.with({ direction }), clock),
      logger,
    };
  }
}
