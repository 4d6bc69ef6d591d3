import {
  type Cluster_CommonLbConfig,
  Cluster_CommonLbConfig_ZoneAwareLbConfigSchema,
  Cluster_CommonLbConfigSchema,
} from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import { DEFAULT_LOCALITY, type LocalityPolicy } from '#sidecar/upstream/locality/locality-policy.ts';
import { acceptPercent } from './percents.ts';
import type { Place } from './refusals.ts';

const SUPPORTED = new Set(['healthy_panic_threshold', 'locality_weighted_lb_config', 'zone_aware_lb_config']);

/** How priorities and localities share the traffic; the overprovisioning factor comes with the endpoints. */
export function acceptLocalityPolicy(
  config: Cluster_CommonLbConfig | undefined,
  place: Place,
): LocalityPolicy {
  if (config === undefined) return DEFAULT_LOCALITY;
  place.allow(Cluster_CommonLbConfigSchema, config, SUPPORTED);
  const { localityConfigSpecifier: specifier, healthyPanicThreshold } = config;
  const { panicThreshold } = DEFAULT_LOCALITY;
  const zoneAware = specifier.case === 'zoneAwareLbConfig' ? specifier.value : undefined;
  if (zoneAware !== undefined) {
    const here = place.in('zone_aware_lb_config');
    here.allow(Cluster_CommonLbConfig_ZoneAwareLbConfigSchema, zoneAware, new Set(['fail_traffic_on_panic']));
  }
  return {
    ...DEFAULT_LOCALITY,
    weighted: specifier.case === 'localityWeightedLbConfig',
    panicThreshold: acceptPercent(healthyPanicThreshold, panicThreshold, place.in('healthy_panic_threshold')),
    failTrafficOnPanic: zoneAware?.failTrafficOnPanic === true,
  };
}
