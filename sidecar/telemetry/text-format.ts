/**
 * Prometheus' text format, piece by piece: written straight from where the values are, since through a library each series
 * would become objects first (and the library is 4 MB of memory), and never as one string, since there may be many.
 */
import type { MetricDescription } from '#api/foundation/metric.ts';
import { BUCKET_BOUNDS, type Histogram } from './histogram.ts';
import { render } from './labels.ts';

/** Labels as they are written between the braces, and the value. */
export type Sample = readonly [labels: string, value: number];

/** A metric that is read of `Subject` when somebody asks. */
export interface ReadMetric<Subject> extends MetricDescription {
  /** One value without labels, or one for each set of labels. */
  readonly read: (subject: Subject) => number | readonly Sample[];
}

export function* readMetrics<Subject>(
  metrics: readonly ReadMetric<Subject>[],
  subject: Subject,
): Generator<string> {
  for (const metric of metrics) {
    const value = metric.read(subject);
    yield* samples(metric, typeof value === 'number' ? [['', value]] : value);
  }
}

/** One metric with its values; nothing at all when it has none. */
export function* samples(metric: MetricDescription, values: Iterable<Sample>): Generator<string> {
  let isFirst = true;
  for (const [labels, value] of values) {
    if (isFirst) yield headOf(metric);
    isFirst = false;
    yield `${metric.name}${labels === '' ? '' : `{${labels}}`} ${numeral(value)}\n`;
  }
}

export function* histograms(
  metric: MetricDescription,
  values: Iterable<readonly [labels: string, Histogram]>,
): Generator<string> {
  let isFirst = true;
  for (const [labels, value] of values) {
    if (isFirst) yield headOf(metric);
    isFirst = false;
    yield histogramText(metric.name, labels, value);
  }
}

function numeral(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function headOf({ name, type, help }: MetricDescription): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function histogramText(name: string, labels: string, values: Histogram): string {
  const counts = values.cumulative();
  const before = labels === '' ? '' : `${labels},`;
  const buckets = counts.map(
    (count, i) => `${name}_bucket{${before}le="${BUCKET_BOUNDS[i] ?? '+Inf'}"} ${count}\n`,
  );
  const own = labels === '' ? '' : `{${labels}}`;
  return `${buckets.join('')}${name}_sum${own} ${values.sum}\n${name}_count${own} ${counts.at(-1)}\n`;
}

export function sample(value: number, labels: Readonly<Record<string, string>>): Sample {
  return [render(labels), value];
}
