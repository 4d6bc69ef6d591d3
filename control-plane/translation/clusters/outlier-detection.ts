import { parseDuration } from '#api/foundation/duration.ts';
import type { OutlierDetectionSettings } from '#api/kinds/traffic-policy.ts';
import type { OutlierDetectionSchema } from '#api/xds/gen/envoy/config/cluster/v3/outlier_detection_pb.js';
import { durationOf, type Init } from '../message.ts';

type OutlierDetection = Init<typeof OutlierDetectionSchema>;

/**
 * Istio's mapping: a detector that is named is enforced, by 0 it is switched off, and success rates never eject. One
 * endpoint may always be ejected, as Envoy held it when Istio's tasks were written: since then it reads the default of
 * 10 % strictly, by which a service of fewer than ten endpoints would never lose a sick one.
 */
export function outlierDetection(settings: OutlierDetectionSettings): OutlierDetection {
  return {
    enforcingSuccessRate: 0,
    alwaysEjectOneHost: true,
    ...consecutive5xx(settings.consecutive5xxErrors),
    ...gatewayErrors(settings.consecutiveGatewayErrors ?? settings.consecutiveErrors),
    ...duration('interval', settings.interval),
    ...duration('baseEjectionTime', settings.baseEjectionTime),
    ...((settings.maxEjectionPercent ?? 0) > 0 ? { maxEjectionPercent: settings.maxEjectionPercent } : {}),
    ...localOrigin(settings),
  };
}

function consecutive5xx(errors: number | undefined): OutlierDetection {
  return errors === undefined ? {} : { consecutive5xx: errors, enforcingConsecutive5xx: enforced(errors) };
}

function gatewayErrors(errors: number | undefined): OutlierDetection {
  if (errors === undefined) return {};
  return { consecutiveGatewayFailure: errors, enforcingConsecutiveGatewayFailure: enforced(errors) };
}

function localOrigin(settings: OutlierDetectionSettings): OutlierDetection {
  if (settings.splitExternalLocalOriginErrors !== true) return {};
  const failures = settings.consecutiveLocalOriginFailures ?? 0;
  return {
    splitExternalLocalOriginErrors: true,
    enforcingLocalOriginSuccessRate: 0,
    ...(failures > 0
      ? { consecutiveLocalOriginFailure: failures, enforcingConsecutiveLocalOriginFailure: 100 }
      : {}),
  };
}

function enforced(errors: number): number {
  return errors > 0 ? 100 : 0;
}

function duration(field: 'interval' | 'baseEjectionTime', text: string | undefined): OutlierDetection {
  const ms = parseDuration(text ?? '');
  return ms === undefined ? {} : { [field]: durationOf(ms) };
}
