import type { Metrics, MetricsOverride } from '#api/kinds/telemetry.ts';
import { METRIC_NAMES, STANDARD_METRICS } from '#api/mesh/standard-metrics.ts';
import { compare } from '../model/host-match.ts';
import { isForMode, type Mode } from './merge-tracing.ts';

export interface MetricChoice {
  /** Without `istio_`. */
  readonly name: string;
  readonly drop: boolean;
  /** Tags and the expressions that they come to, by name. */
  readonly dimensions: readonly (readonly [tag: string, expression: string])[];
  readonly tagsToRemove: readonly string[];
}

/** `off`: nothing is reported; a list without entries: Istio's metrics as they are. */
export type MetricsChoice = 'off' | readonly MetricChoice[];

interface Override {
  disabled: boolean | undefined;
  /** '' is a tag that is removed. */
  readonly tags: Map<string, string>;
}

/**
 * How the metrics of one provider differ from Istio's (Istio's mergeMetrics): what is said later counts, for each metric
 * and tag by itself; all metrics switched off are on again where something more is said of any. `isMine`: whether a
 * name is the provider's, since names have no case.
 */
export function mergeMetrics(
  sections: readonly Metrics[],
  mode: Mode,
  defaults: readonly string[],
  isMine: (provider: string) => boolean,
): MetricsChoice {
  const named = sections.map(namesOf).findLast((names) => names.length > 0) ?? defaults;
  if (!named.some(isMine)) return 'off';
  let off = false;
  let inherited = defaults;
  const overrides = new Map<string, Override>();
  for (const section of sections) {
    const own = namesOf(section);
    inherited = own.length > 0 ? own : inherited;
    if (!inherited.some(isMine)) continue;
    for (const override of (section.overrides ?? []).filter(({ match }) => isForMode(match, mode))) {
      off = isOfAll(override) && override.disabled === true;
      if (!off)
        for (const name of metricsOf(override)) overrides.set(name, add(overrides.get(name), override));
    }
  }
  return off ? 'off' : [...overrides].sort(([a], [b]) => compare(a, b)).map(choiceOf);
}

function namesOf({ providers = [] }: Metrics): string[] {
  return providers.map(({ name }) => name);
}

function isOfAll({ match }: MetricsOverride): boolean {
  return match?.customMetric === undefined && (match?.metric ?? 'ALL_METRICS') === 'ALL_METRICS';
}

function metricsOf(override: MetricsOverride): readonly string[] {
  const { metric = 'ALL_METRICS', customMetric } = override.match ?? {};
  if (customMetric !== undefined) return [customMetric];
  return metric === 'ALL_METRICS' ? METRIC_NAMES : [STANDARD_METRICS[metric]];
}

function add(
  override: Override = { disabled: undefined, tags: new Map() },
  { disabled, tagOverrides = {} }: MetricsOverride,
): Override {
  override.disabled = disabled ?? override.disabled;
  for (const [tag, { operation, value = '' }] of Object.entries(tagOverrides))
    override.tags.set(tag, operation === 'REMOVE' ? '' : value);
  return override;
}

function choiceOf([name, { disabled = false, tags }]: [string, Override]): MetricChoice {
  const sorted = [...tags].sort(([a], [b]) => compare(a, b));
  return {
    name,
    drop: disabled,
    dimensions: sorted.filter(([, expression]) => expression !== ''),
    tagsToRemove: sorted.filter(([, expression]) => expression === '').map(([tag]) => tag),
  };
}
