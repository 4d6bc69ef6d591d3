/**
 * Kept-alive connections of one endpoint, the last used first, so that the others can grow old and be closed.
 *
 * What a pool must never do is to hand out a connection that its server is just closing. Idle connections are read, so
 * an end or a stray byte takes them out at once; what remains is the moment in which a close is on its way. Servers
 * close after a fixed idle time, so requests that cannot be repeated only take a connection used a moment ago.
 */

import type { Waiter } from './circuit-breakers.ts';
import type { Cluster } from './cluster.ts';
import type { Endpoint } from './endpoint.ts';

/** A connection between two requests. */
export interface IdleConnection {
  /** Since when it is idle, milliseconds of the pool's clock. */
  idleSinceMs: number;
  /** How long its server said it keeps idle connections, milliseconds; Infinity when it said nothing. */
  readonly keepAliveMs: number;
  /** When it is too old for another request, milliseconds of the pool's clock; Infinity for never. */
  readonly expiresMs: number;
  close(): void;
}

/** Somebody who waits for a connection to this endpoint, an old one or a new one. */
export interface PoolWaiter<C> extends Waiter {
  /** Another request is through with it. The waiter takes itself out of the line. */
  use(connection: C): void;
  /** There is no connection left that could be waited for: one is to be made, whether there is room or not. */
  dialAnyway(): void;
}

/** A server's word on its idle time is taken with this much less, for the way there. */
const KEEP_ALIVE_MARGIN_MS = 1_000;

/** No common server closes a connection that was idle for less than this. */
export const SURELY_OPEN_MS = 1_000;

/**
 * Idle connections above this number are worth less than the memory at both ends, unless the next burst takes them: they stay
 * for a moment. Without it, whoever serves more requests at once than this would open and close a connection for each of the others.
 */
export const MAX_IDLE = 256;

/** How long those above `MAX_IDLE` stay; a sweep may find them a little later. */
export const SPARE_IDLE_MS = 5_000;

export class Pool<C extends IdleConnection> {
  readonly endpoint: Endpoint;
  /** Replaced by the present one whenever the endpoint is picked. */
  cluster: Cluster;
  /** Connections that exist, idle or in use. A pool is dropped only without any. */
  connections = 0;
  /** Those who wait for one of them, the first in front. */
  readonly waiting: Set<PoolWaiter<C>> = new Set();
  /** The one idle for longest in front. */
  #idle: C[] = [];

  constructor(endpoint: Endpoint, cluster: Cluster) {
    this.endpoint = endpoint;
    this.cluster = cluster;
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** The connection used last, if it is usable. `repeatable` says that the request can be sent again elsewhere. */
  take(nowMs: number, repeatable: boolean): C | undefined {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (this.#isStale(connection, nowMs) || this.#oneTooMany) {
        connection.close();
        continue;
      }
      if (repeatable || nowMs - connection.idleSinceMs < SURELY_OPEN_MS) return connection;
      this.#idle.push(connection);
      return undefined;
    }
    return undefined;
  }

  put(connection: C, nowMs: number): void {
    connection.idleSinceMs = nowMs;
    if (this.abandoned || this.#oneTooMany) connection.close();
    else if (this.waiting.size > 0) firstOf(this.waiting).use(connection);
    else this.#idle.push(connection);
  }

  /** A connection is gone. While anybody waits, an endpoint has one at least, as in Envoy: else nobody would be woken. */
  closed(connection: C): void {
    this.connections -= 1;
    this.#remove(connection);
    if (this.connections === 0 && this.waiting.size > 0) firstOf(this.waiting).dialAnyway();
  }

  /** Closes the connection that was idle longest, so that there is room for another. */
  closeOldest(): void {
    this.#idle.shift()?.close();
  }

  /** Nobody will ask for this endpoint again: what is idle is closed, and what is in use is not kept. */
  get abandoned(): boolean {
    return this.cluster.removed || this.endpoint.removed === true;
  }

  /** The cluster has more connections than it may have since its limit was lowered. An endpoint keeps one in any case. */
  get #oneTooMany(): boolean {
    const { used, limit } = this.cluster.breakers.connections;
    return used > limit && this.connections > 1;
  }

  /** Closes what is idle for too long, or all of it when the endpoint is gone. */
  sweep(nowMs: number): void {
    const gone = this.abandoned;
    const all = this.#idle;
    const spare = all.length - MAX_IDLE;
    const isOver = (connection: C, at: number): boolean =>
      gone ||
      (at < spare && nowMs - connection.idleSinceMs >= SPARE_IDLE_MS) ||
      this.#isStale(connection, nowMs);
    const over = all.filter(isOver);
    if (over.length === 0) return;
    this.#idle = all.filter((connection, at) => !isOver(connection, at));
    for (const connection of over) connection.close();
  }

  /** Closes all idle connections. */
  clear(): void {
    for (const connection of this.#idle.splice(0)) connection.close();
  }

  #isStale(connection: C, nowMs: number): boolean {
    const ownMs = this.cluster.connections.idleTimeoutMs || Number.POSITIVE_INFINITY;
    const limitMs = Math.min(ownMs, connection.keepAliveMs - KEEP_ALIVE_MARGIN_MS);
    return nowMs - connection.idleSinceMs >= limitMs || nowMs >= connection.expiresMs;
  }

  #remove(connection: C): void {
    const at = this.#idle.lastIndexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }
}

function firstOf<W>(line: Set<W>): W {
  return line.values().next().value!;
}
