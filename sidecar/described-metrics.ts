import type { MetricDescription } from '#api/foundation/metric.ts';
import { ACCESS_LOG_METRICS } from './access-log/access-log-metrics.ts';
import { APP_METRICS } from './admin/app-metrics.ts';
import { SIDECAR_METRICS } from './telemetry/sidecar-metrics.ts';
import { SPAN_METRICS } from './tracing/span-metrics.ts';

/** Everything that a sidecar may tell, for the reference and for tests that nothing else is told. */
export const DESCRIBED_METRICS: readonly MetricDescription[] = [
  ...SIDECAR_METRICS,
  ...ACCESS_LOG_METRICS,
  ...SPAN_METRICS,
  ...APP_METRICS,
];
