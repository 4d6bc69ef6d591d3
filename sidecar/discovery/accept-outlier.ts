import {
  type OutlierDetection,
  OutlierDetectionSchema,
} from '#api/xds/gen/envoy/config/cluster/v3/outlier_detection_pb.js';
import { DEFAULT_OUTLIER, type OutlierPolicy } from '#sidecar/upstream/outlier/outlier-policy.ts';
import { acceptDuration } from './durations.ts';
import type { Place } from './refusals.ts';

const DURATIONS = [
  ['interval', 'interval', 'intervalMs'],
  ['baseEjectionTime', 'base_ejection_time', 'baseEjectionTimeMs'],
  ['maxEjectionTime', 'max_ejection_time', 'maxEjectionTimeMs'],
  ['maxEjectionTimeJitter', 'max_ejection_time_jitter', 'maxEjectionTimeJitterMs'],
] as const;

const PERCENTS = [
  ['maxEjectionPercent', 'max_ejection_percent'],
  ['enforcingConsecutive5xx', 'enforcing_consecutive_5xx'],
  ['enforcingConsecutiveGatewayFailure', 'enforcing_consecutive_gateway_failure'],
  ['enforcingConsecutiveLocalOriginFailure', 'enforcing_consecutive_local_origin_failure'],
  ['enforcingSuccessRate', 'enforcing_success_rate'],
  ['enforcingLocalOriginSuccessRate', 'enforcing_local_origin_success_rate'],
  ['enforcingFailurePercentage', 'enforcing_failure_percentage'],
  ['enforcingFailurePercentageLocalOrigin', 'enforcing_failure_percentage_local_origin'],
  ['failurePercentageThreshold', 'failure_percentage_threshold'],
] as const;

const NUMBERS = [
  ['consecutive5xx', 'consecutive_5xx'],
  ['consecutiveGatewayFailure', 'consecutive_gateway_failure'],
  ['consecutiveLocalOriginFailure', 'consecutive_local_origin_failure'],
  ['successRateMinimumHosts', 'success_rate_minimum_hosts'],
  ['successRateRequestVolume', 'success_rate_request_volume'],
  ['successRateStdevFactor', 'success_rate_stdev_factor'],
  ['failurePercentageMinimumHosts', 'failure_percentage_minimum_hosts'],
  ['failurePercentageRequestVolume', 'failure_percentage_request_volume'],
] as const;

const SUPPORTED: ReadonlySet<string> = new Set([
  ...[...DURATIONS, ...PERCENTS, ...NUMBERS].map(([, name]) => name),
  'split_external_local_origin_errors',
  'always_eject_one_host',
]);

/** What is not said is as in Envoy; without the message nobody is ejected. */
export function acceptOutlier(
  detection: OutlierDetection | undefined,
  place: Place,
): OutlierPolicy | undefined {
  if (detection === undefined) return undefined;
  place.allow(OutlierDetectionSchema, detection, SUPPORTED);
  const policy: { -readonly [K in keyof OutlierPolicy]: OutlierPolicy[K] } = {
    ...DEFAULT_OUTLIER,
    splitExternalLocalOriginErrors: detection.splitExternalLocalOriginErrors,
    alwaysEjectOneHost: detection.alwaysEjectOneHost ?? DEFAULT_OUTLIER.alwaysEjectOneHost,
  };
  for (const [field, name, target] of DURATIONS) {
    const value = detection[field];
    if (value !== undefined) policy[target] = acceptDuration(value, place.in(name));
  }
  for (const [field, name] of PERCENTS) {
    const value = detection[field] ?? policy[field];
    if (value > 100) place.in(name).refuse('must be at most 100');
    policy[field] = value;
  }
  for (const [field] of NUMBERS) policy[field] = detection[field] ?? policy[field];
  if (policy.intervalMs < 1) place.in('interval').refuse('must be at least 1ms');
  return policy;
}
