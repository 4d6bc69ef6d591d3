import { BUCKET_BOUNDS, type Histogram } from './histogram.ts';
import type { MeshTelemetry } from './mesh-telemetry.ts';
import type { RequestOutcome } from './request-series.ts';
import type { TcpSeries } from './tcp-series.ts';

/**
 * Istio's metrics in Prometheus' text format, piece by piece: written straight from the slots, since through
 * prom-client each series would become objects first, and never as one string, since there may be many.
 */
export function* exposeMeshMetrics(telemetry: MeshTelemetry): Generator<string> {
  const outcomes = [...telemetry.requestSeries].flatMap((series) => series.outcomes);
  yield* counter(
    'istio_requests_total',
    'Requests handled.',
    outcomes.map((outcome) => [outcome.labels, outcome.count]),
  );
  yield* histogram(
    'istio_request_duration_milliseconds',
    'Duration of requests.',
    outcomes,
    (o) => o.durationMs,
  );
  yield* histogram('istio_request_bytes', 'Size of request bodies.', outcomes, (o) => o.requestBytes);
  yield* histogram('istio_response_bytes', 'Size of response bodies.', outcomes, (o) => o.responseBytes);
  yield* tcpCounters([...telemetry.tcpSeries]);
}

export type Sample = readonly [labels: string, value: number];

/** "Sent" is what servers sent, as in Istio; the series count from the side of the client. */
function* tcpCounters(series: readonly TcpSeries[]): Generator<string> {
  yield* counter(
    'istio_tcp_connections_opened_total',
    'Opaque connections opened.',
    series.map((each) => [each.labels, each.openedCount]),
  );
  yield* counter(
    'istio_tcp_connections_closed_total',
    'Opaque connections closed.',
    series.flatMap((each) =>
      [...each.closedByFlag].map(([flag, count]) => [each.labelsFor(flag), count] as const),
    ),
  );
  yield* counter(
    'istio_tcp_sent_bytes_total',
    'Bytes sent during responses on opaque connections.',
    series.map((each) => [each.labels, each.receivedBytes]),
  );
  yield* counter(
    'istio_tcp_received_bytes_total',
    'Bytes received during requests on opaque connections.',
    series.map((each) => [each.labels, each.sentBytes]),
  );
}

function counter(name: string, help: string, values: readonly Sample[]): Generator<string> {
  return samples('counter', name, help, values);
}

/** One metric with its values; nothing at all when it has none. */
export function* samples(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  values: readonly Sample[],
): Generator<string> {
  if (values.length === 0) return;
  yield `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
  for (const [labels, value] of values) yield `${name}{${labels}} ${value}\n`;
}

function* histogram(
  name: string,
  help: string,
  outcomes: readonly RequestOutcome[],
  of: (outcome: RequestOutcome) => Histogram,
): Generator<string> {
  if (outcomes.length === 0) return;
  yield `# HELP ${name} ${help}\n# TYPE ${name} histogram\n`;
  for (const outcome of outcomes) yield histogramText(name, outcome.labels, of(outcome));
}

function histogramText(name: string, labels: string, values: Histogram): string {
  const counts = values.cumulative();
  const buckets = counts.map(
    (count, i) => `${name}_bucket{${labels},le="${BUCKET_BOUNDS[i] ?? '+Inf'}"} ${count}\n`,
  );
  return `${buckets.join('')}${name}_sum{${labels}} ${values.sum}\n${name}_count{${labels}} ${counts.at(-1)}\n`;
}
