/** The account of an opaque connection: what is counted of it, and what access logs say of it when it is over. */
import type { AccessLog } from '#sidecar/access-log/access-log.ts';
import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type { ConnectionRecord } from '#sidecar/telemetry/stream-record.ts';
import type { Peer, Reporter, TcpMeter, Telemetry } from '#sidecar/telemetry/telemetry.ts';
import type { Cluster, OriginalDestination } from '#sidecar/upstream/cluster.ts';
import type { Endpoint } from '#sidecar/upstream/endpoint.ts';
import type { AttemptSettings } from './attempt.ts';
import { socketAddress } from './socket-address.ts';
import type { Wire } from './wire.ts';

export interface OpaqueSettings extends AttemptSettings {
  readonly telemetry: Telemetry;
  readonly reporter: Reporter;
  /** Undefined: no line is written. */
  readonly accessLog?: AccessLog | undefined;
  /** Told why a connection could not be made. */
  readonly refused: (reason: string) => void;
}

/** Where a connection was going, as far as it said. */
export interface Destination {
  readonly original: OriginalDestination;
  /** SNI; '' when there was none. */
  readonly serverName: string;
}

export class ConnectionAccount implements ConnectionRecord {
  readonly kind = 'connection';
  readonly reporter: Reporter;
  readonly startWallMs: number;
  readonly downstreamRemote: string;
  readonly downstreamLocal: string;
  readonly serverName: string;
  flag: ResponseFlag = '-';
  reason = '';
  cluster: Cluster | undefined;
  endpoint: Endpoint | undefined;
  upstreamLocal = '';
  sentBytes = 0;
  receivedBytes = 0;
  readonly #settings: OpaqueSettings;
  readonly #startMs: number;
  #endMs: number;
  #meter: TcpMeter | undefined;
  #over = false;

  constructor(client: Wire, { original, serverName }: Destination, settings: OpaqueSettings) {
    const { clock, reporter } = settings;
    this.#settings = settings;
    this.reporter = reporter;
    this.startWallMs = clock.wallMs();
    this.#startMs = clock.nowMs();
    this.#endMs = this.#startMs;
    this.downstreamRemote = socketAddress(client.socket.remoteAddress, client.socket.remotePort);
    this.downstreamLocal = socketAddress(original.address, original.port);
    this.serverName = serverName;
  }

  get durationMs(): number {
    return this.#endMs - this.#startMs;
  }

  get peer(): Peer | undefined {
    return this.reporter === 'source' ? this.endpoint?.workload : undefined;
  }

  /** It goes to an endpoint of `cluster`, or failed to; `server` is the connection there. */
  opened(cluster: Cluster, endpoint: Endpoint | undefined, server: Wire | undefined): void {
    const { telemetry, reporter } = this.#settings;
    this.cluster = cluster;
    this.endpoint = endpoint;
    if (server !== undefined) {
      this.upstreamLocal = socketAddress(server.socket.localAddress, server.socket.localPort);
    }
    this.#meter = telemetry.tcp(reporter, this.peer, cluster.service, this);
    this.#meter.opened();
  }

  sent(bytes: number): void {
    this.sentBytes += bytes;
    this.#meter?.sent(bytes);
  }

  received(bytes: number): void {
    this.receivedBytes += bytes;
    this.#meter?.received(bytes);
  }

  /** It is over; what is said of it first counts. */
  closed(flag: ResponseFlag, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.flag = flag;
    this.reason = reason;
    this.#endMs = this.#settings.clock.nowMs();
    this.#meter?.closed(flag);
    this.#settings.accessLog?.write(this);
  }
}
