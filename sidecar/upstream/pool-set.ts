import type { Clock } from '#api/foundation/clock.ts';
import type { Cluster } from './cluster.ts';
import type { Endpoint } from './endpoint.ts';
import { type IdleConnection, Pool } from './pool.ts';

/** How often idle connections are looked through; an endpoint's own are looked at whenever one is taken. */
export const SWEEP_INTERVAL_MS = 2_000;

/** The pools of all endpoints. A pool without connections is dropped at the next sweep, and made again when asked for. */
export class PoolSet<C extends IdleConnection> {
  readonly #clock: Clock;
  readonly #pools = new Map<Endpoint, Pool<C>>();
  #sweeping = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(endpoint: Endpoint, cluster: Cluster): Pool<C> {
    let pool = this.#pools.get(endpoint);
    if (pool === undefined) {
      pool = new Pool<C>(endpoint, cluster);
      this.#pools.set(endpoint, pool);
      this.#scheduleSweep();
    }
    pool.cluster = cluster;
    return pool;
  }

  /** Idle connections of all endpoints. */
  get idle(): number {
    let count = 0;
    for (const pool of this.#pools.values()) count += pool.idle;
    return count;
  }

  /** The same by the service that they lead to. */
  idleByService(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { cluster, idle } of this.#pools.values()) {
      if (idle > 0) counts.set(cluster.service.host, (counts.get(cluster.service.host) ?? 0) + idle);
    }
    return counts;
  }

  /** Closes all idle connections. */
  clear(): void {
    for (const pool of this.#pools.values()) pool.clear();
  }

  #scheduleSweep(): void {
    if (this.#sweeping) return;
    this.#sweeping = true;
    this.#clock.after(SWEEP_INTERVAL_MS, () => {
      this.#sweeping = false;
      this.#sweep(this.#clock.nowMs());
    });
  }

  #sweep(nowMs: number): void {
    for (const [endpoint, pool] of this.#pools) {
      pool.sweep(nowMs);
      if (pool.connections === 0) this.#pools.delete(endpoint);
    }
    if (this.#pools.size > 0) this.#scheduleSweep();
  }
}
