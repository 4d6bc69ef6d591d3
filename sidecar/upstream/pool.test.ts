import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { FakeCluster, FakeEndpoint } from '#sidecar/http/testing/fakes.ts';
import { DEFAULT_CONNECTIONS } from './cluster-policy.ts';
import { type IdleConnection, MAX_IDLE, Pool, SPARE_IDLE_MS, SURELY_OPEN_MS } from './pool.ts';
import { PoolSet, SWEEP_INTERVAL_MS } from './pool-set.ts';

const IDLE_TIMEOUT_MS = DEFAULT_CONNECTIONS.idleTimeoutMs;

class FakeConnection implements IdleConnection {
  idleSinceMs = 0;
  closed = false;
  readonly keepAliveMs: number;
  readonly expiresMs: number;

  constructor(keepAliveMs = Number.POSITIVE_INFINITY, expiresMs = Number.POSITIVE_INFINITY) {
    this.keepAliveMs = keepAliveMs;
    this.expiresMs = expiresMs;
  }

  close(): void {
    this.closed = true;
  }
}

function poolOf(): { pool: Pool<FakeConnection>; endpoint: FakeEndpoint; cluster: FakeCluster } {
  const endpoint = new FakeEndpoint(80);
  const cluster = new FakeCluster(endpoint);
  return { pool: new Pool<FakeConnection>(endpoint, cluster), endpoint, cluster };
}

describe('pool', () => {
  test('hands out the connection used last', () => {
    const { pool } = poolOf();
    const [a, b] = [new FakeConnection(), new FakeConnection()];
    pool.put(a, 0);
    pool.put(b, 1);
    expect([pool.take(2, true), pool.take(2, true), pool.take(2, true)]).toEqual([b, a, undefined]);
  });

  test('closes what a lowered limit leaves no room for, but for one connection', () => {
    const { pool, cluster } = poolOf();
    const breaker = cluster.breakers.connections;
    const connections = [new FakeConnection(), new FakeConnection(), new FakeConnection()];
    for (const connection of connections) {
      breaker.take();
      pool.connections += 1;
      pool.put(connection, 0);
      connection.close = () => {
        connection.closed = true;
        breaker.give();
        pool.closed(connection);
      };
    }
    breaker.limit = 1;
    expect(pool.take(1, true)).toBe(connections[0]);
    expect(connections.map(({ closed }) => closed)).toEqual([false, true, true]);
    breaker.limit = 0;
    pool.put(connections[0]!, 1);
    expect(pool.take(1, true)).toBe(connections[0]);
  });

  test('gives requests that cannot be repeated a connection used a moment ago, or none', () => {
    const { pool } = poolOf();
    const connection = new FakeConnection();
    pool.put(connection, 0);
    expect(pool.take(SURELY_OPEN_MS, false)).toBeUndefined();
    expect(pool.take(SURELY_OPEN_MS - 1, false)).toBe(connection);
    pool.put(connection, 0);
    expect(pool.take(SURELY_OPEN_MS, true)).toBe(connection);
  });

  test.each([
    ['its own limit', Number.POSITIVE_INFINITY, IDLE_TIMEOUT_MS],
    ['what the server said, less the way there', 5_000, 4_000],
  ])('closes what was idle longer than %s', (_, keepAliveMs, limitMs) => {
    const { pool } = poolOf();
    const connection = new FakeConnection(keepAliveMs);
    pool.put(connection, 0);
    pool.sweep(limitMs - 1);
    expect(connection.closed).toBe(false);
    expect(pool.take(limitMs, true)).toBeUndefined();
    expect(connection.closed).toBe(true);
  });

  test('goes by the idle time of its cluster, 0 being any', () => {
    const { pool, cluster } = poolOf();
    const connection = new FakeConnection();
    pool.put(connection, 0);
    cluster.connections = { ...DEFAULT_CONNECTIONS, idleTimeoutMs: 0 };
    pool.sweep(1e9);
    expect(connection.closed).toBe(false);
    cluster.connections = { ...DEFAULT_CONNECTIONS, idleTimeoutMs: 100 };
    pool.sweep(99);
    expect(connection.closed).toBe(false);
    pool.sweep(100);
    expect(connection.closed).toBe(true);
  });

  test('closes what is too old', () => {
    const { pool } = poolOf();
    const [swept, asked] = [new FakeConnection(undefined, 500), new FakeConnection(undefined, 500)];
    pool.put(swept, 499);
    pool.sweep(499);
    expect(swept.closed).toBe(false);
    pool.sweep(500);
    expect(swept.closed).toBe(true);
    pool.put(asked, 499);
    expect(pool.take(500, true)).toBeUndefined();
    expect(asked.closed).toBe(true);
  });

  test('keeps a bounded number, and for a moment what a burst took above it', () => {
    const { pool } = poolOf();
    const all = Array.from({ length: MAX_IDLE + 2 }, () => new FakeConnection());
    for (const connection of all) pool.put(connection, 0);
    pool.sweep(SPARE_IDLE_MS - 1);
    expect(pool.idle).toBe(MAX_IDLE + 2);
    pool.sweep(SPARE_IDLE_MS);
    expect(pool.idle).toBe(MAX_IDLE);
    expect(all.map(({ closed }) => closed).indexOf(false)).toBe(2);
    expect(all.filter(({ closed }) => closed)).toHaveLength(2);
  });

  test('keeps above the bound what was used a moment ago', () => {
    const { pool } = poolOf();
    for (let i = 0; i < MAX_IDLE; i++) pool.put(new FakeConnection(), 0);
    const [recent, last] = [new FakeConnection(), new FakeConnection()];
    pool.put(recent, 1);
    pool.put(last, 1);
    pool.sweep(SPARE_IDLE_MS);
    expect([recent.closed, last.closed]).toEqual([false, false]);
    expect(pool.idle).toBe(MAX_IDLE);
  });

  test.each([
    [
      'the endpoint left',
      (_: FakeCluster, endpoint: FakeEndpoint) => {
        endpoint.removed = true;
      },
    ],
    [
      'the cluster was removed',
      (cluster: FakeCluster) => {
        cluster.removed = true;
      },
    ],
  ])('keeps nothing once %s', (_, leave) => {
    const { pool, endpoint, cluster } = poolOf();
    const [idle, busy] = [new FakeConnection(), new FakeConnection()];
    pool.put(idle, 0);
    leave(cluster, endpoint);
    pool.put(busy, 0);
    pool.sweep(0);
    expect([idle.closed, busy.closed, pool.idle]).toEqual([true, true, 0]);
  });
});

describe('those who wait for a connection', () => {
  /** Waiters of a pool, and what they got. */
  function lineIn(pool: Pool<FakeConnection>, ...names: string[]): string[] {
    const got: string[] = [];
    for (const name of names) {
      const leave = (how: string): void => {
        pool.waiting.delete(waiter);
        got.push(`${name} ${how}`);
      };
      const waiter = {
        dial: () => leave('dials'),
        dialAnyway: () => leave('dials anyway'),
        use: () => leave('uses'),
      };
      pool.waiting.add(waiter);
    }
    return got;
  }

  test('get the one that is put back, the first first', () => {
    const { pool } = poolOf();
    const got = lineIn(pool, 'a', 'b');
    pool.put(new FakeConnection(), 0);
    pool.put(new FakeConnection(), 0);
    pool.put(new FakeConnection(), 0);
    expect(got).toEqual(['a uses', 'b uses']);
    expect(pool.idle).toBe(1);
  });

  test('make one when the last is gone, whatever the breaker says', () => {
    const { pool } = poolOf();
    pool.connections = 2;
    const got = lineIn(pool, 'a', 'b');
    pool.closed(new FakeConnection());
    expect(got).toEqual([]);
    pool.closed(new FakeConnection());
    expect(got).toEqual(['a dials anyway']);
  });
});

describe('pool set', () => {
  test('drops pools without connections, and keeps one whose connection is in use', () => {
    const clock = new ManualClock();
    const pools = new PoolSet<FakeConnection>(clock);
    const endpoint = new FakeEndpoint(80);
    const cluster = new FakeCluster(endpoint);
    const pool = pools.of(endpoint, cluster);
    pool.connections += 1;
    clock.advance(10 * SWEEP_INTERVAL_MS);
    expect(pools.of(endpoint, cluster)).toBe(pool);
    pool.put(new FakeConnection(), clock.nowMs());
    expect(pools.idle).toBe(1);
    clock.advance(IDLE_TIMEOUT_MS + SWEEP_INTERVAL_MS);
    expect(pools.idle).toBe(0);
    pool.connections -= 1;
    clock.advance(SWEEP_INTERVAL_MS);
    expect(pools.of(endpoint, cluster)).not.toBe(pool);
  });

  test('a pool goes by the present configuration of its cluster', () => {
    const pools = new PoolSet<FakeConnection>(new ManualClock());
    const endpoint = new FakeEndpoint(80);
    const [before, after] = [new FakeCluster(endpoint), new FakeCluster(endpoint)];
    pools.of(endpoint, before);
    before.removed = true;
    expect(pools.of(endpoint, after).abandoned).toBe(false);
  });
});
