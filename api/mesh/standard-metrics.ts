/** Istio's standard metrics that weft has: what Telemetry objects call them, and their names without `istio_`. */
export const STANDARD_METRICS = {
  REQUEST_COUNT: 'requests_total',
  REQUEST_DURATION: 'request_duration_milliseconds',
  REQUEST_SIZE: 'request_bytes',
  RESPONSE_SIZE: 'response_bytes',
  TCP_CLOSED_CONNECTIONS: 'tcp_connections_closed_total',
  TCP_OPENED_CONNECTIONS: 'tcp_connections_opened_total',
  TCP_RECEIVED_BYTES: 'tcp_received_bytes_total',
  TCP_SENT_BYTES: 'tcp_sent_bytes_total',
} as const;

/** Tags that one metric may be given: sidecars bound what is told of a request. */
export const MAX_METRIC_TAGS = 16;

export type MetricName = (typeof STANDARD_METRICS)[keyof typeof STANDARD_METRICS];

export const METRIC_NAMES: readonly string[] = Object.values(STANDARD_METRICS);
