import { type Sample, samples } from './exposition.ts';
import { render } from './labels.ts';
import { BREAKERS, type ServiceCounts } from './upstream-counts.ts';

/** What was met on the way to each service, as Envoy's statistics of clusters say it. */
export function* exposeUpstreamCounts(counts: ReadonlyMap<string, ServiceCounts>): Generator<string> {
  const services = [...counts].map(([host, each]) => ({ host, ...each }));
  yield* samples(
    'counter',
    'weft_sidecar_outlier_ejections_total',
    'Ejections of endpoints, by what they were found by.',
    services.flatMap(({ host, ejections }) =>
      [...ejections].map(([cause, count]) => sample(host, count, { cause })),
    ),
  );
  yield* samples(
    'gauge',
    'weft_sidecar_outlier_ejected_endpoints',
    'Endpoints that are ejected now.',
    services
      .filter(({ ejections, ejected }) => ejections.size > 0 || ejected > 0)
      .map(({ host, ejected }) => sample(host, ejected)),
  );
  yield* samples(
    'counter',
    'weft_sidecar_breaker_overflows_total',
    'What a circuit breaker had no room for.',
    services.flatMap(({ host, overflows }) =>
      BREAKERS.filter((breaker) => overflows[breaker] > 0).map((breaker) =>
        sample(host, overflows[breaker], { breaker }),
      ),
    ),
  );
  yield* samples(
    'counter',
    'weft_sidecar_retries_total',
    'Tries after the first.',
    services.filter(({ retried }) => retried > 0).map(({ host, retried }) => sample(host, retried)),
  );
}

function sample(host: string, value: number, labels: Readonly<Record<string, string>> = {}): Sample {
  return [render({ destination_service: host, ...labels }), value];
}
