/**
 * Whether and how endpoints are ranked for a client by where it is. Istio: `distribute` always; `failover` only with
 * outlier detection, because without it a proxy never leaves the first priority; and with outlier detection failover
 * by region, zone and subzone is the default.
 */
import type { Settings } from '../model/traffic-rules.ts';

export type LocalityPlan =
  | {
      readonly kind: 'distribute';
      readonly rules: readonly { readonly from: string; readonly to: Readonly<Record<string, number>> }[];
    }
  | { readonly kind: 'failover'; readonly rules: readonly { readonly from: string; readonly to: string }[] }
  | { readonly kind: 'priority'; readonly labels: readonly string[] };

/** Undefined: the same endpoints for everybody. */
export function localityPlan({ loadBalancer, outlierDetection }: Settings): LocalityPlan | undefined {
  const setting = loadBalancer?.localityLbSetting ?? {};
  if (setting.enabled === false) return undefined;
  if ((setting.distribute ?? []).length > 0) return { kind: 'distribute', rules: setting.distribute ?? [] };
  if (outlierDetection === undefined) return undefined;
  if ((setting.failoverPriority ?? []).length > 0)
    return { kind: 'priority', labels: setting.failoverPriority ?? [] };
  return { kind: 'failover', rules: setting.failover ?? [] };
}
