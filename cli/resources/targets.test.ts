import { describe, expect, test } from 'vitest';
import { Pod } from '#api/kinds/pod.ts';
import { oneTarget, parseTargets } from './targets.ts';

const said = (words: string[]): string[] =>
  parseTargets(words).map(({ kind, name }) => (name === undefined ? kind.plural : `${kind.plural}/${name}`));

describe('words that name objects', () => {
  test.each([
    [['pods'], ['pods']],
    [['po'], ['pods']],
    [['Pod'], ['pods']],
    [['pods,svc'], ['pods', 'services']],
    [['all'], ['pods', 'replicasets', 'deployments', 'services']],
    [
      ['istio-io'],
      [
        'virtualservices',
        'destinationrules',
        'serviceentries',
        'workloadentries',
        'gateways',
        'sidecars',
        'telemetries',
      ],
    ],
    [['deployments.apps'], ['deployments']],
    [
      ['pod', 'a', 'b'],
      ['pods/a', 'pods/b'],
    ],
    [
      ['pods,svc', 'a'],
      ['pods/a', 'services/a'],
    ],
    [
      ['pod/a', 'svc/b'],
      ['pods/a', 'services/b'],
    ],
  ])('%j', (words, targets) => {
    expect(said(words)).toEqual(targets);
  });

  test.each([
    [[], /say what/],
    [['nonsense'], /no kind "nonsense"/],
    [['pod/a', 'b'], /cannot be mixed/],
    [['pod/'], /not of the form/],
    [['pod/a/b'], /not of the form/],
  ])('%j is refused', (words, message) => {
    expect(() => said(words)).toThrow(message);
  });
});

test('one object is a plain name of the usual kind, or named in full', () => {
  expect(oneTarget(['a'], Pod)).toEqual({ kind: Pod, name: 'a' });
  expect(oneTarget(['deploy/a'], Pod).kind.kind).toBe('Deployment');
  expect(oneTarget(['deploy', 'a'], Pod).name).toBe('a');
  expect(() => oneTarget(['pod', 'a', 'b'], Pod)).toThrow(/exactly one/);
});
