import type { MetricDescription } from '#api/foundation/metric.ts';
import { type Sample, sample, samples } from '#sidecar/telemetry/text-format.ts';
import type { SpanExporter } from './export/span-exporter.ts';

export const SPANS_EXPORTED: MetricDescription = {
  name: 'weft_sidecar_spans_exported_total',
  type: 'counter',
  help: 'Spans that a collector took.',
  labels: ['collector'],
};
export const SPANS_DROPPED: MetricDescription = {
  name: 'weft_sidecar_spans_dropped_total',
  type: 'counter',
  help: 'Spans that no collector got, by why.',
  labels: ['collector', 'reason'],
};
export const SPANS_QUEUED: MetricDescription = {
  name: 'weft_sidecar_spans_queued',
  type: 'gauge',
  help: 'Spans that wait for their export.',
  labels: ['collector'],
};

/** In the reference's order. */
export const SPAN_METRICS: readonly MetricDescription[] = [SPANS_EXPORTED, SPANS_DROPPED, SPANS_QUEUED];

/** Metrics text of exporters, by the cluster of their collector. */
export function* exposeSpans(exporters: ReadonlyMap<string, readonly SpanExporter[]>): Generator<string> {
  const each = [...exporters];
  const sums = (read: (exporter: SpanExporter) => number): Sample[] =>
    each.map(([collector, all]) =>
      sample(
        all.reduce((sum, one) => sum + read(one), 0),
        { collector },
      ),
    );
  yield* samples(
    SPANS_EXPORTED,
    sums(({ exported }) => exported),
  );
  yield* samples(SPANS_DROPPED, each.flatMap(dropsOf));
  yield* samples(
    SPANS_QUEUED,
    sums(({ queued }) => queued),
  );
}

function dropsOf([collector, all]: readonly [string, readonly SpanExporter[]]): Sample[] {
  const byReason = new Map<string, number>();
  for (const { drops } of all) {
    for (const [reason, count] of drops) byReason.set(reason, (byReason.get(reason) ?? 0) + count);
  }
  return [...byReason].map(([reason, count]) => sample(count, { collector, reason }));
}
