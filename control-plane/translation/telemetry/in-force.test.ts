import { expect, test } from 'vitest';
import type { Stored } from '#api/kinds/meta.ts';
import type { Labels } from '#api/kinds/selectors.ts';
import type { Telemetry } from '#api/kinds/telemetry.ts';
import { telemetryFor } from './in-force.ts';

const telemetry = (key: string, age: number, matchLabels?: Labels): Stored<Telemetry> => {
  const [namespace = '', name = ''] = key.split('/');
  return {
    apiVersion: 'telemetry.istio.io/v1',
    kind: 'Telemetry',
    metadata: {
      name,
      namespace,
      uid: key,
      resourceVersion: '1',
      creationTimestamp: new Date(age * 1000).toISOString(),
    },
    spec: matchLabels === undefined ? {} : { selector: { matchLabels } },
  };
};

const a = { app: 'a' };

test.each<[string, Stored<Telemetry>[], string[]]>([
  ['none', [], []],
  [
    'the widest first',
    [telemetry('shop/a', 1, a), telemetry('shop/n', 2), telemetry('root/r', 3)],
    ['root/r', 'shop/n', 'shop/a'],
  ],
  ['another namespace', [telemetry('other/n', 1), telemetry('other/a', 1, a)], []],
  ['the root namespace for labels is for its own', [telemetry('root/a', 1, a)], []],
  ['other labels', [telemetry('shop/b', 1, { app: 'b' })], []],
  ['the older of two for a namespace', [telemetry('shop/a', 2), telemetry('shop/z', 1)], ['shop/z']],
  ['of the same age by name', [telemetry('shop/z', 1), telemetry('shop/a', 1)], ['shop/a']],
  ['an empty selector is for all', [telemetry('shop/a', 1, {})], ['shop/a']],
  [
    'all that select it, the oldest first',
    [telemetry('shop/y', 2, a), telemetry('shop/z', 1, a)],
    ['shop/z', 'shop/y'],
  ],
])('%s', (_, all, expected) => {
  const found = telemetryFor({ namespace: 'shop', labels: { app: 'a', version: 'v1' } }, all, 'root');
  expect(found.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual(expected);
});

test('in the root namespace its own objects count once', () => {
  const all = [telemetry('root/r', 1), telemetry('root/a', 1, a)];
  const found = telemetryFor({ namespace: 'root', labels: a }, all, 'root');
  expect(found.map(({ metadata }) => metadata.name)).toEqual(['r', 'a']);
});
