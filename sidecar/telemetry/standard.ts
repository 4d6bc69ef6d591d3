import type { MetricDescription } from '#api/foundation/metric.ts';
import type { MetricName } from '#api/mesh/standard-metrics.ts';

/** Istio's labels of what passes between two workloads, in the order in which its proxies write them. */
const PEER_LABELS = [
  'reporter',
  ...side('source'),
  ...side('destination'),
  'destination_service',
  'destination_service_name',
  'destination_service_namespace',
  'request_protocol',
  'connection_security_policy',
];

const REQUEST_LABELS = [...PEER_LABELS, 'response_code', 'grpc_response_status', 'response_flags'];
const TCP_LABELS = [...PEER_LABELS, 'response_flags'];

function side(prefix: 'source' | 'destination'): string[] {
  const labels = [
    'workload',
    'canonical_service',
    'canonical_revision',
    'workload_namespace',
    'principal',
    'app',
    'version',
    'cluster',
  ];
  return labels.map((label) => `${prefix}_${label}`);
}

/**
 * Istio's standard metrics of proxies, by the names that its Telemetry API and its `stats.PluginConfig` give them. Those
 * that count the messages of gRPC streams are not among them.
 */
export const REQUEST_METRICS = {
  requests_total: metric('requests_total', 'counter', 'Requests handled.', REQUEST_LABELS),
  request_duration_milliseconds: metric(
    'request_duration_milliseconds',
    'histogram',
    'From the first byte of a request to the last of its response.',
    REQUEST_LABELS,
  ),
  request_bytes: metric('request_bytes', 'histogram', 'Size of requests, heads included.', REQUEST_LABELS),
  response_bytes: metric('response_bytes', 'histogram', 'Size of responses, heads included.', REQUEST_LABELS),
} as const satisfies Partial<Record<MetricName, MetricDescription>>;

export const TCP_METRICS = {
  tcp_connections_opened_total: metric(
    'tcp_connections_opened_total',
    'counter',
    'Opaque connections opened.',
    TCP_LABELS,
  ),
  tcp_connections_closed_total: metric(
    'tcp_connections_closed_total',
    'counter',
    'Opaque connections closed.',
    TCP_LABELS,
  ),
  tcp_sent_bytes_total: metric(
    'tcp_sent_bytes_total',
    'counter',
    'Bytes that servers sent on opaque connections.',
    TCP_LABELS,
  ),
  tcp_received_bytes_total: metric(
    'tcp_received_bytes_total',
    'counter',
    'Bytes that servers received on opaque connections.',
    TCP_LABELS,
  ),
} as const satisfies Partial<Record<MetricName, MetricDescription>>;

export type RequestMetric = keyof typeof REQUEST_METRICS;
export type TcpMetric = keyof typeof TCP_METRICS;

export const ALL_REQUEST_METRICS = Object.keys(REQUEST_METRICS) as RequestMetric[];
export const ALL_TCP_METRICS = Object.keys(TCP_METRICS) as TcpMetric[];

export const STANDARD_METRICS: readonly MetricDescription[] = [
  ...Object.values(REQUEST_METRICS),
  ...Object.values(TCP_METRICS),
];

function metric(
  name: string,
  type: MetricDescription['type'],
  help: string,
  labels: readonly string[],
): MetricDescription {
  return { name: `istio_${name}`, type, help, labels };
}
