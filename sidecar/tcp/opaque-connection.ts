/** A connection whose bytes are nobody's business: joined to an endpoint of its cluster and counted. */
import type { Peer, Reporter, TcpMeter, Telemetry } from '#sidecar/telemetry/telemetry.ts';
import type { Cluster, OriginalDestination } from '#sidecar/upstream/cluster.ts';
import type { Endpoint } from '#sidecar/upstream/endpoint.ts';
import { Attempt, type AttemptSettings, type Established } from './attempt.ts';
import { Pump, type Side } from './pump.ts';
import type { Wire, WireReader } from './wire.ts';

export interface OpaqueSettings extends AttemptSettings {
  readonly telemetry: Telemetry;
  readonly reporter: Reporter;
  /** Told why a connection could not be made. */
  readonly refused: (reason: string) => void;
}

const NO_BYTES = Buffer.alloc(0);
const FLAGS = { client: 'DC', server: 'UC' } as const;

export class OpaqueConnection {
  readonly #client: Wire;
  readonly #settings: OpaqueSettings;
  readonly #closed: () => void;

  /** `closed` is called once, when the client's connection is gone. */
  constructor(client: Wire, settings: OpaqueSettings, closed: () => void) {
    this.#client = client;
    this.#settings = settings;
    this.#closed = closed;
  }

  /** Connects to an endpoint of `cluster`, sends it what the client sent before, and joins the two. */
  connect(cluster: Cluster, original: OriginalDestination, before: Buffer): void {
    this.#client.pause();
    const attempt = new Attempt(cluster, original, this.#settings, {
      onEstablished: (server) => this.join(server, before, NO_BYTES),
      onFailed: (flag, reason, endpoint) => {
        const meter = this.#meter(cluster, endpoint);
        meter.opened();
        meter.closed(flag);
        this.#settings.refused(reason);
        this.#client.reset();
      },
    });
    this.#client.reader = this.#waiting(() => attempt.cancel());
    attempt.start();
  }

  /** Joins the client to a connection that stands, after passing on what either side has sent already. */
  join(server: Established, before: Buffer, fromServer: Buffer): void {
    const meter = this.#meter(server.cluster, server.endpoint);
    meter.opened();
    const pump = new Pump(this.#client, server.wire, {
      onSent: (bytes) => meter.sent(bytes),
      onReceived: (bytes) => meter.received(bytes),
      onClosed: (failed) => this.#over(server, meter, failed),
    });
    if (before.length > 0) {
      meter.sent(before.length);
      server.wire.sendOwned(before);
    }
    if (fromServer.length > 0) {
      meter.received(fromServer.length);
      this.#client.sendCopy(fromServer, 0, fromServer.length);
    }
    pump.start();
  }

  #over(server: Established, meter: TcpMeter, failed: Side | undefined): void {
    server.release(failed === 'server' ? 'reset' : 'success');
    meter.closed(failed === undefined ? '-' : FLAGS[failed]);
    this.#closed();
  }

  #waiting(cancel: () => void): WireReader {
    return {
      onBytes() {},
      onEnd() {},
      onDrain() {},
      onClose: () => {
        cancel();
        this.#closed();
      },
    };
  }

  #meter(cluster: Cluster, endpoint: Endpoint | undefined): TcpMeter {
    const { telemetry, reporter } = this.#settings;
    const peer: Peer | undefined = reporter === 'source' ? endpoint?.workload : undefined;
    return telemetry.tcp(reporter, peer, cluster.service);
  }
}
