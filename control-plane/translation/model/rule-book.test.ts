import { describe, expect, test } from 'vitest';
import type { DestinationRule } from '#api/kinds/destination-rule.ts';
import type { Stored } from '#api/kinds/meta.ts';
import { type Client, RuleBook } from './rule-book.ts';

const HOST = 'api.far.svc.cluster.local';
const service = { host: HOST, namespace: 'far' };
const client: Client = { namespace: 'shop', labels: { app: 'web' } };

let age = 0;
const rule = (key: string, spec: Partial<DestinationRule['spec']> = {}) => {
  const [namespace = '', name = ''] = key.split('/');
  age += 1;
  const creationTimestamp = new Date(age * 1000).toISOString();
  return {
    metadata: { name, namespace, creationTimestamp },
    spec: { host: HOST, ...spec },
  } as Stored<DestinationRule>;
};
const bookOf = (rules: readonly Stored<DestinationRule>[]): RuleBook => {
  const book = new RuleBook();
  for (const each of rules)
    book.put(`${each.metadata.namespace}/${each.metadata.name}`, each, [each.spec.host]);
  return book;
};
const wildcard = { host: '*.far.svc.cluster.local' };
const forWeb = { workloadSelector: { matchLabels: { app: 'web' } } };
const forOthers = { workloadSelector: { matchLabels: { app: 'other' } } };

describe('whose rules are in force', () => {
  test.each<[string, Stored<DestinationRule>[], string[], boolean]>([
    ['nobody speaks', [], [], true],
    ["the service's namespace", [rule('far/a'), rule('istio-system/b')], ['a'], false],
    ["the client's before it", [rule('far/a'), rule('shop/b')], ['b'], false],
    ["the client's wildcard too", [rule('far/a'), rule('shop/b', wildcard)], ['b'], false],
    ['the root namespace last', [rule('istio-system/a'), rule('other/b')], ['a'], false],
    ['the root namespace alone', [rule('istio-system/a')], ['a'], true],
    ['not what another namespace keeps', [rule('far/a', { exportTo: ['.'] })], [], false],
    ['what is kept for the client', [rule('far/a', { exportTo: ['shop'] })], ['a'], false],
    ['what the client keeps for itself', [rule('shop/a', { exportTo: ['.'] })], ['a'], false],
    ['all of one namespace, the oldest first', [rule('far/b'), rule('far/a')], ['b', 'a'], true],
    ['the most specific host', [rule('far/a', wildcard), rule('far/b')], ['b'], true],
    [
      'a wildcard, when the name itself is not for the client',
      [rule('far/a', wildcard), rule('far/b', { exportTo: ['.'] })],
      ['a'],
      false,
    ],
    ['a rule for the workload before one for all', [rule('shop/a'), rule('shop/b', forWeb)], ['b'], false],
    ['not a rule for other workloads', [rule('shop/a'), rule('shop/b', forOthers)], ['a'], false],
    ["not another namespace's rule for workloads", [rule('far/a', forWeb)], [], false],
  ])('%s', (_name, rules, names, uniform) => {
    const book = bookOf(rules);
    expect(book.for(service, client).map(({ metadata }) => metadata.name)).toEqual(names);
    expect(book.isUniform(service)).toBe(uniform);
  });
});

test('a rule is known by the Secrets that it names, until it goes', () => {
  const tls = { mode: 'SIMPLE' as const, credentialName: 's' };
  const book = bookOf([rule('far/a', { subsets: [{ name: 'v1', trafficPolicy: { tls } }] })]);
  expect(book.naming('s')).toEqual(['far/a']);
  expect(book.naming('s-cacert')).toEqual(['far/a']);
  book.put('far/a', undefined, []);
  expect(book.naming('s')).toEqual([]);
});
