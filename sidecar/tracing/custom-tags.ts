import type { RequestRecord } from '#sidecar/telemetry/stream-record.ts';
import { bounded } from './bounded.ts';
import type { CustomTag } from './tracing-spec.ts';

/** Adds the tags of a listener's own to `attributes`; one without a value is left out, as in Envoy. */
export function addCustomTags(
  tags: readonly CustomTag[],
  record: RequestRecord,
  environment: Readonly<Record<string, string | undefined>>,
  attributes: Record<string, string | number>,
): void {
  for (const tag of tags) {
    const value = tagValue(tag, record, environment);
    if (value !== '') attributes[tag.name] = bounded(value);
  }
}

function tagValue(
  tag: CustomTag,
  record: RequestRecord,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  switch (tag.from) {
    case 'literal':
      return tag.value;
    case 'header':
      return record.requestHeader(tag.header) ?? tag.fallback;
    case 'environment':
      return environment[tag.variable] ?? tag.fallback;
  }
}
