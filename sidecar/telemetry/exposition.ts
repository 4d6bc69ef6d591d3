import { Histogram } from './histogram.ts';
import type { MeshTelemetry } from './mesh-telemetry.ts';
import type { RequestOutcome } from './request-series.ts';
import { REQUEST_METRICS, TCP_METRICS, type TcpMetric } from './standard.ts';
import type { TcpSeries } from './tcp-series.ts';
import { histograms, type Sample, samples } from './text-format.ts';

/** Istio's metrics in Prometheus' text format. */
export function* exposeMeshMetrics(telemetry: MeshTelemetry): Generator<string> {
  const outcomes = [...telemetry.outcomes()];
  const series = [...telemetry.tcpSeries()];
  const once = telemetry.mayRepeat ? summedUp : asTheyAre;
  yield* samples(
    REQUEST_METRICS.requests_total,
    once(outcomes.filter((o) => o.counted).map((o) => [o.labels, o.count])),
  );
  yield* histogram('request_duration_milliseconds', outcomes, (o) => o.durationMs);
  yield* histogram('request_bytes', outcomes, (o) => o.requestBytes);
  yield* histogram('response_bytes', outcomes, (o) => o.responseBytes);

  function* histogram(
    name: keyof typeof REQUEST_METRICS,
    from: readonly RequestOutcome[],
    of: (outcome: RequestOutcome) => Histogram | undefined,
  ): Generator<string> {
    const values = from.flatMap((outcome) => {
      const value = of(outcome);
      return value === undefined ? [] : [[outcome.labels, value] as const];
    });
    yield* histograms(REQUEST_METRICS[name], telemetry.mayRepeat ? mergedUp(values) : values);
  }

  for (const [name, read] of TCP_READERS) {
    const telling = series.filter(({ metrics }) => metrics.has(name));
    yield* samples(TCP_METRICS[name], once(telling.flatMap(read)));
  }
}

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

function asTheyAre(values: readonly Sample[]): Iterable<Sample> {
  return values;
}

/** Without a tag, what it told apart has the same labels; a page must not say anything twice. */
function summedUp(values: readonly Sample[]): Iterable<Sample> {
  const sums = new Map<string, number>();
  for (const [labels, value] of values) sums.set(labels, (sums.get(labels) ?? 0) + value);
  return sums;
}

function mergedUp(values: Iterable<readonly [string, Histogram]>): Iterable<readonly [string, Histogram]> {
  const sums = new Map<string, Histogram>();
  for (const [labels, value] of values) {
    const sum = sums.get(labels) ?? new Histogram();
    sums.set(labels, sum);
    sum.add(value);
  }
  return sums;
}
