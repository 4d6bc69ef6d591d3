/** What a listener says of its metrics: Istio's `stats.PluginConfig`, in the filter `istio.stats`. */
export interface StatsSpec {
  /** Equal for equal specs: series are found by it. */
  readonly key: string;
  /** By Istio's name of the metric without its prefix (`requests_total`); '' is all of them. Later ones add to earlier ones. */
  readonly metrics: readonly MetricSpec[];
}

export interface MetricSpec {
  readonly name: string;
  /** Not reported. */
  readonly drop: boolean;
  /** Tags by name, each a CEL expression. */
  readonly dimensions: readonly (readonly [name: string, expression: string])[];
  readonly tagsToRemove: readonly string[];
}

/** Whether it adds tags, which are made of the requests themselves. */
export function hasTags(spec: StatsSpec | undefined): boolean {
  return spec?.metrics.some(({ drop, dimensions }) => !drop && dimensions.length > 0) === true;
}
