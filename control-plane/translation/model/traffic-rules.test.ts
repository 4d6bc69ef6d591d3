import { describe, expect, test } from 'vitest';
import type { DestinationRule } from '#api/kinds/destination-rule.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { TrafficPolicy } from '#api/kinds/traffic-policy.ts';
import { mergeRules, settingsFor } from './traffic-rules.ts';

const rule = (name: string, spec: Partial<DestinationRule['spec']>) =>
  ({ metadata: { name, namespace: 'default' }, spec: { host: 'a', ...spec } }) as Stored<DestinationRule>;

const random: TrafficPolicy = { loadBalancer: { simple: 'RANDOM' } };
const ejecting: TrafficPolicy = { outlierDetection: {} };
const port = (number: number, settings: object) => ({ port: { number }, ...settings });

describe('what is in force', () => {
  test.each<[string, Partial<DestinationRule['spec']>, string, number, object]>([
    ['the policy', { trafficPolicy: random }, '', 80, random],
    [
      "a port's settings in its place",
      { trafficPolicy: { ...random, portLevelSettings: [port(80, ejecting)] } },
      '',
      80,
      ejecting,
    ],
    [
      'not those of another port',
      { trafficPolicy: { ...random, portLevelSettings: [port(81, ejecting)] } },
      '',
      80,
      random,
    ],
    [
      "the rule's, for a subset that says nothing",
      { trafficPolicy: random, subsets: [{ name: 'v1' }] },
      'v1',
      80,
      random,
    ],
    [
      'field by field, for one that does',
      { trafficPolicy: random, subsets: [{ name: 'v1', trafficPolicy: ejecting }] },
      'v1',
      80,
      { ...random, ...ejecting },
    ],
    [
      "the rule's port before the subset's general settings",
      {
        trafficPolicy: { ...random, portLevelSettings: [port(80, { connectionPool: {} })] },
        subsets: [{ name: 'v1', trafficPolicy: ejecting }],
      },
      'v1',
      80,
      { connectionPool: {}, ...ejecting },
    ],
    [
      "the subset's port before everything",
      {
        trafficPolicy: random,
        subsets: [{ name: 'v1', trafficPolicy: { ...random, portLevelSettings: [port(80, ejecting)] } }],
      },
      'v1',
      80,
      ejecting,
    ],
    [
      'a retry budget for every port',
      { trafficPolicy: { retryBudget: {}, portLevelSettings: [port(80, ejecting)] } },
      '',
      80,
      { retryBudget: {}, ...ejecting },
    ],
    ['nothing for an unknown subset', { trafficPolicy: random }, 'v9', 80, {}],
  ])('%s', (_name, spec, subset, number, expected) =>
    expect(settingsFor(mergeRules([rule('r', spec)]), subset, number)).toEqual(expected),
  );
});

test('of several rules the oldest that says something is heard', () => {
  const merged = mergeRules([
    rule('subsets-only', { subsets: [{ name: 'v1', labels: { version: 'v1' } }] }),
    rule('policy', {
      trafficPolicy: random,
      subsets: [{ name: 'v1', labels: { version: 'other' } }, { name: 'v2' }],
    }),
    rule('late', { trafficPolicy: ejecting }),
  ]);
  expect(merged.policy).toEqual(random);
  expect(merged.sources).toEqual(['default/subsets-only', 'default/policy', 'default/late']);
  expect(merged.subsets.map(({ name, labels }) => [name, labels])).toEqual([
    ['v1', { version: 'v1' }],
    ['v2', {}],
  ]);
});
