/** A connection whose bytes are nobody's business: joined to an endpoint of its cluster and counted. */

import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type { Peer, Reporter, TcpMeter, Telemetry } from '#sidecar/telemetry/telemetry.ts';
import type { Cluster, OriginalDestination } from '#sidecar/upstream/cluster.ts';
import type { Endpoint } from '#sidecar/upstream/endpoint.ts';
import { Attempt, type AttemptListener, type AttemptSettings, type Established } from './attempt.ts';
import { Deadline } from './deadlines.ts';
import type { OpaquePolicy } from './opaque-policy.ts';
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
  readonly #policy: OpaquePolicy;
  readonly #closed: () => void;
  readonly #idle: Deadline = new Deadline(() => this.#expire('SI'));
  readonly #age: Deadline = new Deadline(() => this.#expire('DT'));
  #server: Wire | undefined;
  /** Why the connection was closed here. */
  #expired: ResponseFlag | undefined;

  /** `closed` is called once, when the client's connection is gone. */
  constructor(client: Wire, settings: OpaqueSettings, policy: OpaquePolicy, closed: () => void) {
    this.#client = client;
    this.#settings = settings;
    this.#policy = policy;
    this.#closed = closed;
  }

  /** Connects to an endpoint of `cluster`, sends it what the client sent before, and joins the two. */
  connect(cluster: Cluster, original: OriginalDestination, before: Buffer): void {
    this.#client.pause();
    const listener: AttemptListener = {
      onEstablished: (server) => this.join(server, before, NO_BYTES),
      onFailed: (flag, reason, endpoint) => {
        const meter = this.#meter(cluster, endpoint);
        meter.opened();
        meter.closed(flag);
        this.#settings.refused(reason);
        this.#client.reset();
      },
    };
    const attempt = new Attempt(cluster, original, this.#settings, listener, this.#policy);
    this.#client.reader = this.#waiting(() => attempt.cancel());
    attempt.start();
  }

  /** Joins the client to a connection that stands, after passing on what either side has sent already. */
  join(server: Established, before: Buffer, fromServer: Buffer): void {
    const meter = this.#meter(server.cluster, server.endpoint);
    meter.opened();
    this.#server = server.wire;
    const pump = new Pump(this.#client, server.wire, {
      onSent: (bytes) => {
        meter.sent(bytes);
        this.#stir();
      },
      onReceived: (bytes) => {
        meter.received(bytes);
        this.#stir();
      },
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
    this.#stir();
    const { maxDurationMs } = this.#policy;
    if (maxDurationMs > 0) this.#settings.deadlines.set(this.#age, maxDurationMs);
  }

  /** Something passed: the connection is not idle. */
  #stir(): void {
    const { idleTimeoutMs } = this.#policy;
    if (idleTimeoutMs > 0) this.#settings.deadlines.set(this.#idle, idleTimeoutMs);
  }

  /** As in Envoy, what is still to be written is dropped. */
  #expire(flag: ResponseFlag): void {
    this.#expired = flag;
    this.#client.destroy();
    this.#server?.destroy();
  }

  #over(server: Established, meter: TcpMeter, failed: Side | undefined): void {
    this.#settings.deadlines.clear(this.#idle);
    this.#settings.deadlines.clear(this.#age);
    server.release(failed === 'server' ? 'reset' : 'success');
    meter.closed(this.#expired ?? (failed === undefined ? '-' : FLAGS[failed]));
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
