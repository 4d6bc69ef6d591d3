import { render } from './labels.ts';
import type { ReadMetric, Sample } from './text-format.ts';
import { BREAKERS, type ServiceCounts } from './upstream-counts.ts';

type Counts = ReadonlyMap<string, ServiceCounts>;

/** What was met on the way to each service, as Envoy's statistics of clusters say it. */
export const UPSTREAM_METRICS: readonly ReadMetric<Counts>[] = [
  {
    name: 'weft_sidecar_outlier_ejections_total',
    type: 'counter',
    help: 'Ejections of endpoints, by what they were found by.',
    labels: ['destination_service', 'cause'],
    read: (counts) =>
      each(counts, (host, { ejections }) =>
        [...ejections].map(([cause, count]) => sample(host, count, { cause })),
      ),
  },
  {
    name: 'weft_sidecar_outlier_ejected_endpoints',
    type: 'gauge',
    help: 'Endpoints that are ejected now.',
    labels: ['destination_service'],
    read: (counts) =>
      each(counts, (host, { ejections, ejected }) =>
        ejections.size > 0 || ejected > 0 ? [sample(host, ejected)] : [],
      ),
  },
  {
    name: 'weft_sidecar_breaker_overflows_total',
    type: 'counter',
    help: 'What a circuit breaker had no room for.',
    labels: ['destination_service', 'breaker'],
    read: (counts) =>
      each(counts, (host, { overflows }) =>
        BREAKERS.filter((breaker) => overflows[breaker] > 0).map((breaker) =>
          sample(host, overflows[breaker], { breaker }),
        ),
      ),
  },
  {
    name: 'weft_sidecar_retries_total',
    type: 'counter',
    help: 'Tries after the first.',
    labels: ['destination_service'],
    read: (counts) => each(counts, (host, { retried }) => (retried > 0 ? [sample(host, retried)] : [])),
  },
];

function each(counts: Counts, of: (host: string, counts: ServiceCounts) => Sample[]): Sample[] {
  return [...counts].flatMap(([host, service]) => of(host, service));
}

function sample(host: string, value: number, labels: Readonly<Record<string, string>> = {}): Sample {
  return [render({ destination_service: host, ...labels }), value];
}
