/**
 * Which traces answer a question, newest first. As in Jaeger: one span of the service has to answer all of it. They come as
 * they are kept, to be read one at a time: all at once take several times what the store does.
 */
import type { Span, Tag } from '../model/span.ts';
import type { StoredSpan, StoredTrace } from './trace-store.ts';

export interface Query {
  readonly service?: string | undefined;
  readonly operation?: string | undefined;
  /** Each has to be a tag of the span, of its resource or of one of its events. */
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly leastUs?: number | undefined;
  readonly mostUs?: number | undefined;
  readonly errorsOnly: boolean;
  /** Start of the trace, microseconds since the Unix epoch. */
  readonly fromUs?: number | undefined;
  readonly untilUs?: number | undefined;
  readonly limit: number;
}

export function search(traces: Iterable<StoredTrace>, query: Query): StoredTrace[] {
  const { fromUs = -Infinity, untilUs = Infinity } = query;
  return [...traces]
    .filter((trace) => trace.startUs >= fromUs && trace.startUs <= untilUs)
    .sort((a, b) => b.startUs - a.startUs)
    .values()
    .filter((trace) => trace.spans.values().some((span) => answers(span, query)))
    .take(query.limit)
    .toArray();
}

function answers(stored: StoredSpan, query: Query): boolean {
  if (query.service !== undefined && stored.origin.service !== query.service) return false;
  if (query.operation !== undefined && stored.name !== query.operation) return false;
  if (query.leastUs !== undefined && stored.durationUs < query.leastUs) return false;
  if (query.mostUs !== undefined && stored.durationUs > query.mostUs) return false;
  if (query.errorsOnly && !stored.error) return false;
  if (query.tags.length === 0) return true;
  const span = JSON.parse(stored.text) as Span;
  const tags = [
    ...span.tags,
    ...stored.origin.tags,
    ...span.events.flatMap((event) => event.tags),
    { key: 'span.kind', value: span.kind },
    { key: 'error', value: stored.error },
  ];
  return query.tags.every((wanted) => tags.some((tag) => isTag(tag, wanted)));
}

const isTag = (tag: Tag, wanted: { readonly key: string; readonly value: string }): boolean =>
  tag.key === wanted.key && String(tag.value) === wanted.value;
