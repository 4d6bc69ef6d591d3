import type { DestinationRule } from '#api/kinds/destination-rule.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Labels } from '#api/kinds/selectors.ts';
import type { TrafficPolicy } from '#api/kinds/traffic-policy.ts';

export interface Subset {
  readonly name: string;
  readonly labels: Labels;
  readonly policy: TrafficPolicy;
}

/** What the DestinationRules of one host say together. */
export interface TrafficRules {
  readonly policy: TrafficPolicy;
  readonly subsets: readonly Subset[];
}

/**
 * Istio's merge of several rules for one host: the oldest one's traffic policy, and every subset, where the oldest
 * keeps a name that two define. A subset's policy overrides its rule's, field by field.
 */
export function mergeRules(oldestFirst: readonly Stored<DestinationRule>[]): TrafficRules {
  const subsets = new Map<string, Subset>();
  for (const { spec } of oldestFirst) {
    for (const { name, labels = {}, trafficPolicy } of spec.subsets ?? []) {
      if (subsets.has(name)) continue;
      subsets.set(name, { name, labels, policy: { ...spec.trafficPolicy, ...trafficPolicy } });
    }
  }
  return { policy: oldestFirst[0]?.spec.trafficPolicy ?? {}, subsets: [...subsets.values()] };
}
