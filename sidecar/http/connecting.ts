/**
 * How a try comes by a connection when none is idle: it makes a new one while the cluster's breaker has room, or else
 * waits in line for the first that another request is through with, or for room. As in Envoy a request is *pending* until it
 * has its connection, and one too many is refused at once.
 */
import type { Clock } from '#api/foundation/clock.ts';
import type { Deadlines } from '#sidecar/tcp/deadlines.ts';
import type { CircuitBreakers } from '#sidecar/upstream/circuit-breakers.ts';
import type { Pool, PoolWaiter } from '#sidecar/upstream/pool.ts';
import type { ConnectListener } from './response-listener.ts';
import { UpstreamConnection } from './upstream-connection.ts';

export interface ConnectingSettings {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
}

export class Connecting implements ConnectListener, PoolWaiter<UpstreamConnection> {
  readonly #pool: Pool<UpstreamConnection>;
  readonly #breakers: CircuitBreakers;
  readonly #settings: ConnectingSettings;
  readonly #listener: ConnectListener;
  #connection: UpstreamConnection | undefined;

  constructor(pool: Pool<UpstreamConnection>, settings: ConnectingSettings, listener: ConnectListener) {
    this.#pool = pool;
    this.#breakers = pool.cluster.breakers;
    this.#settings = settings;
    this.#listener = listener;
  }

  /** False: too many wait already. Otherwise the listener hears how it went, never within this call. */
  start(): boolean {
    if (!this.#breakers.pending.take()) return false;
    const { connections } = this.#breakers;
    if (connections.take()) this.dial();
    else if (this.#pool.connections === 0) {
      connections.force();
      this.dial();
    } else this.#wait();
    return true;
  }

  /** Gives up; the listener hears no more. */
  cancel(): void {
    this.#over();
    this.#connection?.close();
  }

  dial(): void {
    this.#leave();
    const { clock, deadlines } = this.#settings;
    this.#connection = UpstreamConnection.open(this.#pool, deadlines, clock.nowMs(), this);
  }

  use(connection: UpstreamConnection): void {
    this.#over();
    this.#listener.onConnected(connection);
  }

  onConnected(connection: UpstreamConnection): void {
    this.#over();
    this.#listener.onConnected(connection);
  }

  onConnectFailure(cause: string): void {
    this.#over();
    this.#listener.onConnectFailure(cause);
  }

  /** Idle connections that are there nevertheless were too old for a request that cannot be repeated. */
  #wait(): void {
    this.#breakers.waiting.add(this);
    this.#pool.waiting.add(this);
    this.#pool.closeOldest();
  }

  #over(): void {
    this.#breakers.pending.give();
    this.#leave();
  }

  #leave(): void {
    this.#breakers.waiting.delete(this);
    this.#pool.waiting.delete(this);
  }
}
