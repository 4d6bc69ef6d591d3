import type { Check } from './kind.ts';
import type { LabelSelector } from './meta.ts';
import { matchesSelector } from './selectors.ts';

interface Workload {
  spec: {
    selector: LabelSelector;
    template: { metadata?: { labels?: Record<string, string> | undefined } | undefined };
  };
}

export const selectorMatchesTemplate: Check<Workload> = {
  name: 'the selector selects the pods of the template',
  check: ({ spec }) => {
    const empty =
      Object.keys(spec.selector.matchLabels ?? {}).length === 0 &&
      (spec.selector.matchExpressions ?? []).length === 0;
    if (empty) return [{ path: 'spec.selector', message: 'must not be empty' }];
    return matchesSelector(spec.selector, spec.template.metadata?.labels ?? {})
      ? []
      : [{ path: 'spec.template.metadata.labels', message: 'do not match spec.selector' }];
  },
};
