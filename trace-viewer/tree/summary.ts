/** What a list says of a trace. Pure. */
import type { Trace } from '../model/span.ts';
import { treeOf } from './trace-tree.ts';

export interface Summary {
  readonly traceId: string;
  readonly service: string;
  readonly operation: string;
  readonly startUs: number;
  readonly durationUs: number;
  readonly spans: number;
  readonly errors: number;
  /** Spans of each service, the most first. */
  readonly services: readonly (readonly [service: string, spans: number])[];
  readonly partial: boolean;
}

export function summaryOf(trace: Trace): Summary {
  const tree = treeOf(trace);
  const counts = new Map<string, number>();
  for (const { origin } of trace.spans) counts.set(origin.service, (counts.get(origin.service) ?? 0) + 1);
  const first = tree.roots[0]?.owned;
  return {
    traceId: trace.traceId,
    service: first?.origin.service ?? '',
    operation: first?.span.name ?? '',
    startUs: tree.startUs,
    durationUs: tree.durationUs,
    spans: tree.spans,
    errors: trace.spans.filter(({ span }) => span.status === 'error').length,
    services: [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])),
    partial: tree.missing.length > 0,
  };
}
