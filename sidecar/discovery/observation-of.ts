import type { ObservationSpec } from '#sidecar/telemetry/observers.ts';

/** Undefined when nothing is said: Istio's standard metrics as they are, and no more. */
export function observationOf(spec: ObservationSpec): ObservationSpec | undefined {
  const { tracing, accessLogs, stats } = spec;
  return tracing === undefined && accessLogs.length === 0 && stats === undefined ? undefined : spec;
}
