import type { AccessLog } from '#sidecar/access-log/access-log.ts';
import type { AccessLogSpec } from '#sidecar/access-log/access-log-spec.ts';
import type { RequestTracing } from '#sidecar/tracing/request-tracing.ts';
import type { TracingSpec } from '#sidecar/tracing/tracing-spec.ts';
import type { StatsSpec } from './stats-spec.ts';
import type { Reporter, Telemetry } from './telemetry.ts';

/** What a listener says of how its traffic is seen from outside. */
export interface ObservationSpec {
  readonly tracing: TracingSpec | undefined;
  readonly accessLogs: readonly AccessLogSpec[];
  /** Undefined: Istio's standard metrics as they are. */
  readonly stats: StatsSpec | undefined;
}

/** Makes of specs what watches traffic; equal specs share it. */
export interface Observers {
  tracing(spec: TracingSpec | undefined, reporter: Reporter): RequestTracing | undefined;
  /** Undefined when nothing is to be written. */
  accessLog(specs: readonly AccessLogSpec[]): AccessLog | undefined;
  metrics(spec: StatsSpec | undefined): Telemetry;
}
