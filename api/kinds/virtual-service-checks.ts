import type { Check, Mistake } from './kind.ts';
import type { VirtualService } from './virtual-service.ts';

const weightsAddUp: Check<VirtualService> = {
  name: 'weights leave traffic somewhere to go',
  check: ({ spec }) =>
    (spec.http ?? []).flatMap((route, i): Mistake[] => {
      if (route.route.length < 2) return [];
      const total = route.route.reduce((sum, destination) => sum + (destination.weight ?? 0), 0);
      return total > 0
        ? []
        : [{ path: `spec.http[${i}].route`, message: 'the weights add up to 0: give at least one a weight' }];
    }),
};

const somethingToRoute: Check<VirtualService> = {
  name: 'there is at least one route',
  check: ({ spec }) =>
    (spec.http ?? []).length > 0
      ? []
      : [{ path: 'spec.http', message: 'at least one http route is required' }],
};

const headersAreLowerCase: Check<VirtualService> = {
  name: 'header names are lower case, as Istio asks, and not pseudo-headers',
  check: ({ spec }) =>
    (spec.http ?? []).flatMap((route, i) =>
      (route.match ?? []).flatMap((match, m) =>
        (['headers', 'withoutHeaders'] as const).flatMap((field) =>
          Object.keys(match[field] ?? {}).flatMap((name): Mistake[] =>
            /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)
              ? []
              : [
                  {
                    path: `spec.http[${i}].match[${m}].${field}[${name}]`,
                    message: 'must be a header name in lower case',
                  },
                ],
          ),
        ),
      ),
    ),
};

export const virtualServiceChecks: readonly Check<VirtualService>[] = [
  somethingToRoute,
  weightsAddUp,
  headersAreLowerCase,
];
