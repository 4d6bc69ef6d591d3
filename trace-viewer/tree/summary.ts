/** What a list says of a trace. Pure. */
import type { Span, Trace } from '../model/span.ts';
import { treeOf } from './trace-tree.ts';

export interface Summary {
  readonly traceId: string;
  readonly service: string;
  /** The span that began first. */
  readonly first: Span | undefined;
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
    first: first?.span,
    startUs: tree.startUs,
    durationUs: tree.durationUs,
    spans: tree.spans,
    errors: trace.spans.filter(({ span }) => span.status === 'error').length,
    services: [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])),
    partial: tree.missing.length > 0,
  };
}
