import { expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { CircuitBreakers, DEFAULT_LIMITS, UNLIMITED } from '#sidecar/upstream/circuit-breakers.ts';
import { DEFAULT_PEAK_EWMA } from '#sidecar/upstream/load-estimate.ts';
import { TrackedEndpoint } from '#sidecar/upstream/tracked-endpoint.ts';
import { POOL_METRICS, PoolWatch, type Watched } from './pool-metrics.ts';
import { readMetrics } from './text-format.ts';

function endpoint(port: number, tookMs: number | undefined): TrackedEndpoint {
  const where = { address: '10.0.0.1', port, workload: undefined, weight: 1 };
  const made = new TrackedEndpoint(where, undefined, DEFAULT_PEAK_EWMA, new ManualClock());
  if (tookMs !== undefined) made.load.observe(0, tookMs, 'success');
  return made;
}

function cluster(host: string, limits = {}, endpoints: TrackedEndpoint[] = []): Watched {
  return { service: { host }, breakers: new CircuitBreakers({ ...DEFAULT_LIMITS, ...limits }), endpoints };
}

function page(watch: PoolWatch, clusters: Watched[], idle: [string, number][] = []): string[] {
  return [...readMetrics(POOL_METRICS, watch.read(clusters, idle, 0))]
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim().replace('weft_sidecar_', ''));
}

test('tell what is under way towards a service, by all of its clusters, and go on when nothing is', () => {
  const watch = new PoolWatch();
  const [one, other, quiet] = [cluster('a'), cluster('a'), cluster('b')];
  for (let i = 0; i < 20; i += 1) one.breakers.requests.take();
  other.breakers.requests.take();
  one.breakers.connections.take();
  one.breakers.pending.take();
  one.breakers.takeRetry();
  expect(page(watch, [one, other, quiet], [['a', 2]])).toEqual([
    'upstream_connections{destination_service="a"} 1',
    'upstream_connections_idle{destination_service="a"} 2',
    'upstream_requests{destination_service="a"} 21',
    'upstream_requests_waiting{destination_service="a"} 1',
    'upstream_retries{destination_service="a"} 1',
    'upstream_retries_limit{destination_service="a"} 7',
    'endpoint_latencies_omitted 0',
  ]);
  expect(page(watch, [cluster('a')])).toContain('upstream_requests{destination_service="a"} 0');
});

test('a service whose retries have no limit has none', () => {
  const one = cluster('a', { retryBudget: undefined, maxRetries: UNLIMITED });
  one.breakers.requests.take();
  expect(page(new PoolWatch(), [one]).filter((line) => line.includes('limit'))).toEqual([]);
});

test('the latency of an endpoint is that of the cluster which thinks the worst of it; unknown ones have none', () => {
  const clusters = [
    cluster('a', {}, [endpoint(1, 20), endpoint(2, undefined)]),
    cluster('a', {}, [endpoint(1, 50)]),
  ];
  expect(page(new PoolWatch(), clusters)).toEqual([
    'endpoint_latency_seconds{destination_service="a",endpoint="10.0.0.1:1"} 0.05',
    'endpoint_latencies_omitted 0',
  ]);
});

test('of many endpoints the slowest are told, of many services the first', () => {
  const endpoints = Array.from({ length: 300 }, (_, i) => endpoint(i + 1, i + 1));
  const lines = page(new PoolWatch(), [cluster('a', {}, endpoints)]);
  expect(lines).toHaveLength(257);
  expect(lines[0]).toBe('endpoint_latency_seconds{destination_service="a",endpoint="10.0.0.1:300"} 0.3');
  expect(lines.at(-1)).toBe('endpoint_latencies_omitted 44');

  const busy = Array.from({ length: 1_200 }, (_, i) => cluster(`s${i}`));
  for (const each of busy) each.breakers.requests.take();
  const requests = page(new PoolWatch(), busy).filter((line) => line.startsWith('upstream_requests{'));
  expect(requests).toHaveLength(1_001);
  expect(requests.at(-1)).toBe('upstream_requests{destination_service="other"} 200');
});
