import { BUCKET_BOUNDS, type Histogram } from './histogram.ts';
import type { MeshTelemetry } from './mesh-telemetry.ts';
import type { RequestOutcome } from './request-series.ts';
import type { TcpSeries } from './tcp-series.ts';

/**
 * Istio's metrics in Prometheus' text format, written straight from the slots: through prom-client each series
 * would become objects first, at every scrape.
 */
export function exposeMeshMetrics(telemetry: MeshTelemetry): string {
  const outcomes = [...telemetry.requestSeries].flatMap((series) => series.outcomes);
  const tcp = [...telemetry.tcpSeries];
  return [
    ...counter(
      'istio_requests_total',
      'Requests handled.',
      outcomes.map((outcome) => [outcome.labels, outcome.count]),
    ),
    ...histogram(
      'istio_request_duration_milliseconds',
      'Duration of requests.',
      outcomes,
      (o) => o.durationMs,
    ),
    ...histogram('istio_request_bytes', 'Size of request bodies.', outcomes, (o) => o.requestBytes),
    ...histogram('istio_response_bytes', 'Size of response bodies.', outcomes, (o) => o.responseBytes),
    ...tcpCounters(tcp),
    '',
  ].join('\n');
}

type Sample = readonly [labels: string, value: number];

function tcpCounters(series: readonly TcpSeries[]): string[] {
  return [
    ...counter(
      'istio_tcp_connections_opened_total',
      'Opaque connections opened.',
      series.map((each) => [each.labels, each.openedCount]),
    ),
    ...counter(
      'istio_tcp_connections_closed_total',
      'Opaque connections closed.',
      series.flatMap((each) =>
        [...each.closedByFlag].map(([flag, count]) => [each.labelsFor(flag), count] as const),
      ),
    ),
    ...counter(
      'istio_tcp_sent_bytes_total',
      'Bytes sent by clients on opaque connections.',
      series.map((each) => [each.labels, each.sentBytes]),
    ),
    ...counter(
      'istio_tcp_received_bytes_total',
      'Bytes received by clients on opaque connections.',
      series.map((each) => [each.labels, each.receivedBytes]),
    ),
  ];
}

function counter(name: string, help: string, samples: readonly Sample[]): string[] {
  if (samples.length === 0) return [];
  const lines = samples.map(([labels, value]) => `${name}{${labels}} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} counter`, ...lines];
}

function histogram(
  name: string,
  help: string,
  outcomes: readonly RequestOutcome[],
  of: (outcome: RequestOutcome) => Histogram,
): string[] {
  if (outcomes.length === 0) return [];
  const lines = outcomes.flatMap((outcome) => histogramLines(name, outcome.labels, of(outcome)));
  return [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`, ...lines];
}

function histogramLines(name: string, labels: string, values: Histogram): string[] {
  const counts = values.cumulative();
  const buckets = counts.map(
    (count, i) => `${name}_bucket{${labels},le="${BUCKET_BOUNDS[i] ?? '+Inf'}"} ${count}`,
  );
  return [...buckets, `${name}_sum{${labels}} ${values.sum}`, `${name}_count{${labels}} ${counts.at(-1)}`];
}
