/** What a metric is, apart from its values: as the exposition and the reference page tell it. */
export interface MetricDescription {
  /** As Prometheus names metrics: base units, counters with `_total`. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** One sentence. */
  readonly help: string;
  readonly labels: readonly string[];
}
