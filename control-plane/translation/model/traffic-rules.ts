import type { DestinationRule } from '#api/kinds/destination-rule.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Labels } from '#api/kinds/selectors.ts';
import type { PortTrafficPolicy, TrafficPolicy } from '#api/kinds/traffic-policy.ts';
import { keyOf } from './host-match.ts';

/** What is in force for one port of a host, or of a subset of it. */
export type Settings = Omit<TrafficPolicy, 'portLevelSettings'>;

export interface Subset {
  readonly name: string;
  readonly labels: Labels;
  /** Of the rule that defines the subset. */
  readonly general: TrafficPolicy;
  readonly own: TrafficPolicy | undefined;
}

/** What the DestinationRules of one host say together. */
export interface TrafficRules {
  /** `NAMESPACE/NAME` of the rules, the oldest first. */
  readonly sources: readonly string[];
  readonly policy: TrafficPolicy;
  readonly subsets: readonly Subset[];
}

export const NO_RULES: TrafficRules = { sources: [], policy: {}, subsets: [] };

/**
 * Istio's merge of several rules for one host: the traffic policy of the oldest one that has one, and every subset,
 * where the oldest keeps a name that two define.
 */
export function mergeRules(oldestFirst: readonly Stored<DestinationRule>[]): TrafficRules {
  const subsets = new Map<string, Subset>();
  for (const { spec } of oldestFirst) {
    for (const { name, labels = {}, trafficPolicy } of spec.subsets ?? []) {
      if (subsets.has(name)) continue;
      subsets.set(name, { name, labels, general: spec.trafficPolicy ?? {}, own: trafficPolicy });
    }
  }
  return {
    sources: oldestFirst.map(keyOf),
    policy: oldestFirst.find(({ spec }) => spec.trafficPolicy !== undefined)?.spec.trafficPolicy ?? {},
    subsets: [...subsets.values()],
  };
}

/**
 * What is in force for a port. Istio: a port's settings replace the general ones, and what they do not say is the
 * default; a subset's policy overrides its rule's field by field; a subset's port settings replace again. `subset` ''
 * is the host itself; an unknown subset has no settings.
 */
export function settingsFor(rules: TrafficRules, subset: string, port: number): Settings {
  if (subset === '') return forPort(rules.policy, port);
  const found = rules.subsets.find(({ name }) => name === subset);
  if (found === undefined) return {};
  const general = forPort(found.general, port);
  if (found.own === undefined) return general;
  const { portLevelSettings, ...own } = found.own;
  return replaced({ ...general, ...own }, portLevelSettings, port);
}

function forPort({ portLevelSettings, ...general }: TrafficPolicy, port: number): Settings {
  return replaced(general, portLevelSettings, port);
}

/** A retry budget is no port's setting: it stays. */
function replaced(
  general: Settings,
  ports: readonly PortTrafficPolicy[] | undefined,
  number: number,
): Settings {
  const own = ports?.find(({ port }) => port.number === number);
  if (own === undefined) return general;
  const { port: _port, ...settings } = own;
  const { retryBudget } = general;
  return retryBudget === undefined ? settings : { ...settings, retryBudget };
}
