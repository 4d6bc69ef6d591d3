/** A connection whose bytes are nobody's business: joined to an endpoint of its cluster and counted. */
import type { LoneFlag } from '#sidecar/routing/response-flag.ts';
import type { Cluster } from '#sidecar/upstream/cluster.ts';
import { Attempt, type AttemptListener, type Established } from './attempt.ts';
import { ConnectionAccount, type Destination, type OpaqueSettings } from './connection-account.ts';
import { Deadline } from './deadlines.ts';
import type { OpaquePolicy } from './opaque-policy.ts';
import { Pump, type Side } from './pump.ts';
import type { Wire, WireReader } from './wire.ts';

const NO_BYTES = Buffer.alloc(0);
const FLAGS = { client: 'DC', server: 'UC' } as const;

/** Why a connection was closed here. */
interface Expiry {
  readonly flag: LoneFlag;
  readonly reason: string;
}

export class OpaqueConnection {
  readonly #client: Wire;
  readonly #destination: Destination;
  readonly #settings: OpaqueSettings;
  readonly #policy: OpaquePolicy;
  readonly #closed: () => void;
  readonly #account: ConnectionAccount;
  readonly #idle: Deadline = new Deadline(() => this.#onIdle());
  readonly #age: Deadline = new Deadline(() => this.#onAge());
  #server: Wire | undefined;
  #expiry: Expiry | undefined;

  /** `closed` is called once, when the client's connection is gone. */
  constructor(
    client: Wire,
    destination: Destination,
    settings: OpaqueSettings,
    policy: OpaquePolicy,
    closed: () => void,
  ) {
    this.#client = client;
    this.#destination = destination;
    this.#settings = settings;
    this.#policy = policy;
    this.#closed = closed;
    this.#account = new ConnectionAccount(client, destination, settings);
  }

  /** There is no cluster that it could go to. */
  refuse(reason: string): void {
    this.#giveUp('NC', reason);
  }

  /** Connects to an endpoint of `cluster`, sends it what the client sent before, and joins the two. */
  connect(cluster: Cluster, before: Buffer): void {
    this.#client.pause();
    const listener: AttemptListener = {
      onEstablished: (server) => this.join(server, before, NO_BYTES),
      onFailed: (flag, reason, endpoint) => {
        this.#account.opened(cluster, endpoint, undefined);
        this.#giveUp(flag, reason);
      },
    };
    const { original } = this.#destination;
    const attempt = new Attempt(cluster, original, this.#settings, listener, this.#policy);
    this.#client.reader = this.#waiting(() => attempt.cancel());
    attempt.start();
  }

  /** Joins the client to a connection that stands, after passing on what either side has sent already. */
  join(server: Established, before: Buffer, fromServer: Buffer): void {
    const account = this.#account;
    account.opened(server.cluster, server.endpoint, server.wire);
    this.#server = server.wire;
    const pump = new Pump(this.#client, server.wire, {
      onSent: (bytes) => {
        account.sent(bytes);
        this.#stir();
      },
      onReceived: (bytes) => {
        account.received(bytes);
        this.#stir();
      },
      onClosed: (failed) => this.#over(server, failed),
    });
    if (before.length > 0) {
      account.sent(before.length);
      server.wire.sendOwned(before);
    }
    if (fromServer.length > 0) {
      account.received(fromServer.length);
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

  #onIdle(): void {
    const reason = `not a byte passed for ${this.#policy.idleTimeoutMs} ms (idle_timeout)`;
    this.#expire({ flag: 'SI', reason });
  }

  #onAge(): void {
    const reason = `it lasted ${this.#policy.maxDurationMs} ms (max_downstream_connection_duration)`;
    this.#expire({ flag: 'DT', reason });
  }

  /** As in Envoy, what is still to be written is dropped. */
  #expire(expiry: Expiry): void {
    this.#expiry = expiry;
    this.#client.destroy();
    this.#server?.destroy();
  }

  /** Access logs say why themselves. */
  #giveUp(flag: ConnectionAccount['flag'], reason: string): void {
    this.#account.closed(flag, reason);
    if (this.#settings.accessLog === undefined) this.#settings.refused(reason);
    this.#client.reset();
  }

  #over(server: Established, failed: Side | undefined): void {
    this.#settings.deadlines.clear(this.#idle);
    this.#settings.deadlines.clear(this.#age);
    server.release(failed === 'server' ? 'reset' : 'success');
    if (this.#expiry !== undefined) this.#account.closed(this.#expiry.flag, this.#expiry.reason);
    else if (failed === undefined) this.#account.closed('-', '');
    else {
      const who =
        failed === 'client' ? 'the client' : `${server.endpoint.key} of ${server.cluster.service.host}`;
      this.#account.closed(FLAGS[failed], `${who} broke the connection off`);
    }
    this.#closed();
  }

  #waiting(cancel: () => void): WireReader {
    return {
      onBytes() {},
      onEnd() {},
      onDrain() {},
      onClose: () => {
        cancel();
        this.#account.closed('DC', 'the client went away before there was a connection for it');
        this.#closed();
      },
    };
  }
}
