/**
 * Istio's ranking of localities for one client: which come first (priorities), or how much each gets (weights). Pure.
 */
import type { Labels } from '#api/kinds/selectors.ts';
import {
  type Locality,
  localityMatches,
  REGION_LABEL,
  SUBZONE_LABEL,
  ZONE_LABEL,
} from '../model/locality.ts';
import type { LocalityPlan } from './locality-plan.ts';
import type { Target } from './targets.ts';

/** Where the asking proxy is, and what it carries. */
export interface Place {
  readonly locality: Locality;
  readonly labels: Labels;
}

/** The targets of one locality and one priority. */
export interface Group {
  readonly locality: Locality;
  readonly targets: readonly Target[];
  readonly weight: number;
  readonly priority: number;
}

/** `groups` are one for each locality, all of priority 0. */
export function rank(groups: readonly Group[], plan: LocalityPlan, client: Place): Group[] {
  switch (plan.kind) {
    case 'distribute':
      return distributed(groups, plan.rules, client.locality);
    case 'failover':
      return withoutGaps(
        groups.map((group) => ({ ...group, priority: distance(group, plan.rules, client) })),
      );
    case 'priority':
      return withoutGaps(groups.flatMap((group) => byLabels(group, plan.labels, client)));
  }
}

/** Same subzone, zone, region: 0, 1, 2. Another region: 3, or 4 when a rule names another one to go to. */
function distance(
  { locality }: Group,
  rules: readonly { readonly from: string; readonly to: string }[],
  client: Place,
): number {
  const own = client.locality;
  if (locality.region === own.region) {
    if (locality.zone !== own.zone) return 2;
    return locality.subZone === own.subZone ? 0 : 1;
  }
  const rule = rules.find(({ from }) => from === own.region);
  return rule !== undefined && rule.to !== locality.region ? 4 : 3;
}

/** The first rule for where the client is: localities that it does not name get nothing. */
function distributed(
  groups: readonly Group[],
  rules: readonly { readonly from: string; readonly to: Readonly<Record<string, number>> }[],
  own: Locality,
): Group[] {
  const rule = rules.find(({ from }) => localityMatches(own, from));
  if (rule === undefined) return [...groups];
  const left = new Set(groups);
  return mostSpecificFirst(Object.entries(rule.to)).flatMap(([to, share]) => {
    const named = [...left].filter(({ locality }) => localityMatches(locality, to));
    for (const group of named) left.delete(group);
    const total = named.reduce((sum, { weight }) => sum + weight, 0);
    return named
      .map((group) => ({ ...group, weight: Math.ceil((group.weight * share) / total) }))
      .filter(({ weight }) => weight > 0);
  });
}

/** `*` and short forms take what no longer form named. */
function mostSpecificFirst(entries: [string, number][]): [string, number][] {
  const depth = (text: string): number =>
    text.split('/').filter((part) => part !== '' && part !== '*').length;
  return entries.toSorted(([a], [b]) => depth(b) - depth(a));
}

/** The more labels, from the first on, are the client's own, the earlier an endpoint's turn. `key=value` asks for that value. */
function byLabels(group: Group, wanted: readonly string[], client: Place): Group[] {
  const own = placeLabels(client);
  const byPriority = Map.groupBy(group.targets, (target) => {
    const labels = placeLabels(target);
    const miss = wanted.findIndex((label) => {
      const [key = '', ...value] = label.split('=');
      return labels[key] !== (value.length > 0 ? value.join('=') : own[key]);
    });
    return miss === -1 ? 0 : wanted.length - miss;
  });
  return [...byPriority].map(([priority, targets]) => ({
    ...group,
    targets,
    priority,
    weight: targets.reduce((sum, { weight }) => sum + weight, 0),
  }));
}

function placeLabels({ labels, locality }: Place): Labels {
  const { region, zone, subZone } = locality;
  return { ...labels, [REGION_LABEL]: region, [ZONE_LABEL]: zone, [SUBZONE_LABEL]: subZone };
}

/** Envoy wants priorities from 0 on, none left out. */
function withoutGaps(groups: readonly Group[]): Group[] {
  const used = [...new Set(groups.map(({ priority }) => priority))].sort((a, b) => a - b);
  return groups
    .map((group) => ({ ...group, priority: used.indexOf(group.priority) }))
    .toSorted((a, b) => a.priority - b.priority);
}
