/** Istio's standard metrics of proxies, by the names that its Telemetry API and its `stats.PluginConfig` give them. */
export const METRIC_NAMES: readonly string[] = [
  'requests_total',
  'request_duration_milliseconds',
  'request_bytes',
  'response_bytes',
  'tcp_connections_opened_total',
  'tcp_connections_closed_total',
  'tcp_sent_bytes_total',
  'tcp_received_bytes_total',
];
