import type { ClusterSchema } from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import { localityPlan } from '../endpoints/locality-plan.ts';
import type { Init } from '../message.ts';
import type { Settings } from '../model/traffic-rules.ts';

type CommonLbConfig = NonNullable<Init<typeof ClusterSchema>['commonLbConfig']>;

/**
 * Istio takes Envoy's panic threshold (50 %) away from clusters that eject: with few endpoints it would send traffic to
 * those that were ejected. Localities count by weight where they were weighed for the client.
 */
export function commonLbConfig(settings: Settings): { commonLbConfig?: CommonLbConfig } {
  const { outlierDetection } = settings;
  const weighed = localityPlan(settings) !== undefined;
  if (outlierDetection === undefined && !weighed) return {};
  return {
    commonLbConfig: {
      ...(outlierDetection === undefined
        ? {}
        : { healthyPanicThreshold: { value: outlierDetection.minHealthPercent ?? 0 } }),
      ...(weighed ? { localityConfigSpecifier: { case: 'localityWeightedLbConfig', value: {} } } : {}),
    },
  };
}
