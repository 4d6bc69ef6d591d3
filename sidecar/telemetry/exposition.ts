import { Histogram } from './histogram.ts';
import type { MeshTelemetry } from './mesh-telemetry.ts';
import type { RequestOutcome } from './request-series.ts';
import { REQUEST_METRICS, type RequestMetric, TCP_METRICS, type TcpMetric } from './standard.ts';
import type { TcpSeries } from './tcp-series.ts';
import { histograms, type Sample, samples } from './text-format.ts';

/** Istio's metrics in Prometheus' text format. */
export function* exposeMeshMetrics(telemetry: MeshTelemetry): Generator<string> {
  const places = telemetry.counts().map((each) => [[...each.outcomes], [...each.connections]] as const);
  const mayRepeat = places.slice(1).some((all) => all.some(({ length }) => length > 0));
  const once = mayRepeat ? summedUp : asTheyAre;
  const merged = mayRepeat ? mergedUp : asTheyAre;
  const outcomes = places.flatMap(([all]) => all);
  const counts = telling(outcomes, 'requests_total').map((each): Sample => [each.labels, each.count]);
  yield* samples(REQUEST_METRICS.requests_total, once(counts));
  for (const [name, read] of HISTOGRAMS) {
    const values = telling(outcomes, name).map((each) => [each.labels, read(each)] as const);
    yield* histograms(REQUEST_METRICS[name], merged(values));
  }
  const series = places.flatMap(([, all]) => all);
  for (const [name, read] of TCP_READERS) {
    yield* samples(TCP_METRICS[name], once(telling(series, name).flatMap(read)));
  }
}

function telling<Name, Series extends { readonly metrics: ReadonlySet<Name> }>(
  all: readonly Series[],
  name: Name,
): Series[] {
  return all.filter(({ metrics }) => metrics.has(name));
}

const HISTOGRAMS: readonly (readonly [RequestMetric, (outcome: RequestOutcome) => Histogram])[] = [
  ['request_duration_milliseconds', ({ durationMs }) => durationMs],
  ['request_bytes', ({ requestBytes }) => requestBytes],
  ['response_bytes', ({ responseBytes }) => responseBytes],
];

/** "Sent" is what servers sent, as in Istio; the series count from the side of the client. */
const TCP_READERS: readonly (readonly [TcpMetric, (series: TcpSeries) => Sample[]])[] = [
  ['tcp_connections_opened_total', (each) => [[each.labels, each.openedCount]]],
  [
    'tcp_connections_closed_total',
    (each) => [...each.closedByFlag].map(([flag, count]) => [each.labelsFor(flag), count] as const),
  ],
  ['tcp_sent_bytes_total', (each) => [[each.labels, each.receivedBytes]]],
  ['tcp_received_bytes_total', (each) => [[each.labels, each.sentBytes]]],
];

function asTheyAre<T>(values: readonly T[]): Iterable<T> {
  return values;
}

/** Without a tag, what it told apart has the same labels; a page must not say anything twice. */
function summedUp(values: readonly Sample[]): Iterable<Sample> {
  const sums = new Map<string, number>();
  for (const [labels, value] of values) sums.set(labels, (sums.get(labels) ?? 0) + value);
  return sums;
}

function mergedUp(values: readonly (readonly [string, Histogram])[]): Iterable<readonly [string, Histogram]> {
  const sums = new Map<string, Histogram>();
  for (const [labels, value] of values) {
    const sum = sums.get(labels) ?? new Histogram();
    sums.set(labels, sum);
    sum.add(value);
  }
  return sums;
}
