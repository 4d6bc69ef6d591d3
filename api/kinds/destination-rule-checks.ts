import type { DestinationRule } from './destination-rule.ts';
import { exportToMistakes, hostMistakes } from './host-checks.ts';
import type { Check } from './kind.ts';
import { trafficPolicyMistakes } from './traffic-policy-checks.ts';

const hostIsAName: Check<DestinationRule> = {
  name: 'the host is a DNS name, with * as its first label at most',
  check: ({ spec }) => hostMistakes(spec.host, 'spec.host'),
};

const subsetNamesAreUnique: Check<DestinationRule> = {
  name: 'subset names are unique DNS labels',
  check: ({ spec }) => {
    const seen = new Set<string>();
    return (spec.subsets ?? []).flatMap((subset, i) => {
      const mistakes = [];
      const path = `spec.subsets[${i}].name`;
      if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(subset.name)) {
        mistakes.push({ path, message: 'must be a DNS label of at most 63 characters (a-z, 0-9, -)' });
      }
      if (seen.has(subset.name)) mistakes.push({ path, message: `duplicate name "${subset.name}"` });
      seen.add(subset.name);
      return mistakes;
    });
  },
};

const policiesAreWhole: Check<DestinationRule> = {
  name: 'traffic policies say what they say once and completely',
  check: ({ spec }) => [
    ...trafficPolicyMistakes(spec.trafficPolicy, 'spec.trafficPolicy'),
    ...(spec.subsets ?? []).flatMap(({ trafficPolicy }, i) =>
      trafficPolicyMistakes(trafficPolicy, `spec.subsets[${i}].trafficPolicy`),
    ),
  ],
};

const exportsAreKnown: Check<DestinationRule> = {
  name: 'exportTo names namespaces',
  check: ({ spec }) => exportToMistakes(spec.exportTo),
};

export const destinationRuleChecks: readonly Check<DestinationRule>[] = [
  hostIsAName,
  subsetNamesAreUnique,
  policiesAreWhole,
  exportsAreKnown,
];
