/**
 * How a try comes by a connection when none is idle: it makes a new one while the cluster's breaker has room, or else
 * waits in line for the first that another request is through with, or for room. A request is *pending* while it waits in
 * line, and one too many is refused at once. To Envoy it is pending until its connection stands; but then a connection that
 * is slow to open turns away requests that it has room for.
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
    const { connections, pending } = this.#breakers;
    if (connections.take()) this.dial();
    else if (this.#pool.connections === 0) this.dialAnyway();
    else if (pending.take()) this.#wait();
    else return false;
    return true;
  }

  /** Gives up; the listener hears no more. */
  cancel(): void {
    this.#leave();
    this.#connection?.close();
  }

  dial(): void {
    this.#leave();
    const { clock, deadlines } = this.#settings;
    this.#connection = UpstreamConnection.open(this.#pool, this.#breakers, deadlines, clock.nowMs(), this);
  }

  dialAnyway(): void {
    this.#breakers.connections.force();
    this.dial();
  }

  use(connection: UpstreamConnection): void {
    this.#leave();
    this.#listener.onConnected(connection);
  }

  onConnected(connection: UpstreamConnection): void {
    this.#listener.onConnected(connection);
  }

  onConnectFailure(cause: string): void {
    this.#listener.onConnectFailure(cause);
  }

  /** Idle connections that are there nevertheless were too old for a request that cannot be repeated. */
  #wait(): void {
    this.#breakers.waiting.add(this);
    this.#pool.waiting.add(this);
    this.#pool.closeOldest();
  }

  #leave(): void {
    if (!this.#pool.waiting.delete(this)) return;
    this.#breakers.waiting.delete(this);
    this.#breakers.pending.give();
  }
}
