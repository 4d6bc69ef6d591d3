import { describe, expect, test } from 'vitest';
import { CircuitBreakers, DEFAULT_LIMITS } from '#sidecar/upstream/circuit-breakers.ts';
import { readMetrics } from './text-format.ts';
import { type Counted, UpstreamCounts } from './upstream-counts.ts';
import { UPSTREAM_METRICS } from './upstream-metrics.ts';

function cluster(host: string, { retried = 0, refused = 0, active = 0 } = {}): Counted {
  const breakers = new CircuitBreakers({ ...DEFAULT_LIMITS, maxRequests: 0 });
  for (let i = 0; i < retried; i += 1) breakers.takeUnseenRetry();
  for (let i = 0; i < refused; i += 1) breakers.requests.take();
  breakers.retried = retried;
  return { service: { host }, breakers, outliers: { counts: { active } } };
}

const text = (counts: UpstreamCounts, ...clusters: Counted[]): string[] =>
  [...readMetrics(UPSTREAM_METRICS, counts.read(clusters))].filter((line) => !line.startsWith('#'));

describe('counts by destination service', () => {
  test('are not there for services that nothing happened to', () => {
    expect(text(new UpstreamCounts(), cluster('a'))).toEqual([]);
  });

  test('sum up the clusters of a service', () => {
    const clusters = [
      cluster('a', { retried: 2, active: 1 }),
      cluster('a', { retried: 3, refused: 4 }),
      cluster('b', { refused: 1 }),
    ];
    expect(text(new UpstreamCounts(), ...clusters)).toEqual([
      'weft_sidecar_outlier_ejected_endpoints{destination_service="a"} 1\n',
      'weft_sidecar_breaker_overflows_total{destination_service="a",breaker="requests"} 4\n',
      'weft_sidecar_breaker_overflows_total{destination_service="b",breaker="requests"} 1\n',
      'weft_sidecar_retries_total{destination_service="a"} 5\n',
    ]);
  });

  test('tell ejections by their cause, and go on saying that nobody is out', () => {
    const counts = new UpstreamCounts();
    counts.ejected({ host: 'a' }, 'consecutive-5xx');
    counts.ejected({ host: 'a' }, 'consecutive-5xx');
    counts.ejected({ host: 'a' }, 'trial');
    expect(text(counts, cluster('a'))).toEqual([
      'weft_sidecar_outlier_ejections_total{destination_service="a",cause="consecutive-5xx"} 2\n',
      'weft_sidecar_outlier_ejections_total{destination_service="a",cause="trial"} 1\n',
      'weft_sidecar_outlier_ejected_endpoints{destination_service="a"} 0\n',
    ]);
  });

  test('never fall when a cluster goes, and are the same each time they are read', () => {
    const counts = new UpstreamCounts();
    const [old, young] = [cluster('a', { retried: 2 }), cluster('a', { retried: 1 })];
    const three = ['weft_sidecar_retries_total{destination_service="a"} 3\n'];
    expect(text(counts, old, young)).toEqual(three);
    counts.retired(old);
    expect(text(counts, young)).toEqual(three);
    expect(text(counts, young)).toEqual(three);
  });

  test('are told apart for so many services and no more', () => {
    const counts = new UpstreamCounts();
    const all = Array.from({ length: 1_200 }, (_, i) => cluster(`s${i}`, { retried: 1 }));
    const lines = text(counts, ...all);
    expect(lines).toHaveLength(1_001);
    expect(lines).toContain('weft_sidecar_retries_total{destination_service="other"} 200\n');
  });

  test('a read does not keep what it reads', () => {
    const counts = new UpstreamCounts();
    counts.read([cluster('a', { retried: 1 })]);
    expect(counts.read([]).size).toBe(0);
  });
});
