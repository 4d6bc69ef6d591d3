/**
 * What a listener's Telemetry makes of the standard metrics: those whose tags come out alike are a group, and share their
 * series. Where a tag is both standard and added, its expression takes the place of its value, as in Istio.
 */
import type { Labels } from './labels.ts';
import type { StatsSpec } from './stats-spec.ts';

export interface TagGroup<Name extends string> {
  readonly metrics: ReadonlySet<Name>;
  /** Standard tags that are not written, or whose value is an expression's. */
  readonly hidden: ReadonlySet<string>;
  /** Tags by name, and the expressions that say their values. */
  readonly added: readonly (readonly [name: string, expression: string])[];
}

/** Groups of `names`; metrics that are dropped are in none. */
export function planTags<Name extends string>(spec: StatsSpec, names: readonly Name[]): TagGroup<Name>[] {
  const groups = new Map<string, { metrics: Set<Name>; tags: Tags }>();
  for (const name of names) {
    const tags = tagsOf(spec, name);
    if (tags === 'dropped') continue;
    const key = JSON.stringify([[...tags.hidden].sort(), [...tags.added]]);
    const group = groups.get(key) ?? { metrics: new Set<Name>(), tags };
    groups.set(key, group);
    group.metrics.add(name);
  }
  return [...groups.values()].map(({ metrics, tags: { hidden, added } }) => ({
    metrics,
    hidden,
    added: [...added],
  }));
}

interface Tags {
  readonly hidden: Set<string>;
  readonly added: Map<string, string>;
}

/** Later entries add to earlier ones, and take back what these did. */
function tagsOf(spec: StatsSpec, name: string): Tags | 'dropped' {
  const tags: Tags = { hidden: new Set(), added: new Map() };
  for (const metric of spec.metrics) {
    if (metric.name !== '' && metric.name !== name) continue;
    if (metric.drop) return 'dropped';
    for (const tag of metric.tagsToRemove) {
      tags.hidden.add(tag);
      tags.added.delete(tag);
    }
    for (const [tag, expression] of metric.dimensions) {
      tags.hidden.add(tag);
      tags.added.set(tag, expression);
    }
  }
  return tags;
}

export function visible(labels: Labels, hidden: ReadonlySet<string>): Labels {
  if (hidden.size === 0) return labels;
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !hidden.has(name)));
}
