import { expect, test } from 'vitest';
import { SCENARIOS } from './scenarios.ts';

const REQUIRED = [
  'http1',
  'http1-small',
  'http1-large',
  'http1-c1',
  'http1-c512',
  'upload',
  'tcp-bulk',
  'two-hops',
  'mtls-two-hops',
  'http1-latency',
  'connections-10k',
  'startup',
  'push',
  'pod-start',
];

test('every name is there once and can be typed', () => {
  const names = SCENARIOS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(REQUIRED));
  for (const name of names) expect(name).toMatch(/^[a-z0-9-]+$/);
});

test('what cannot be measured is named with the reason, and has no figures', async () => {
  const scenario = SCENARIOS.find(({ name }) => name === 'mtls-two-hops')!;
  const measured = await scenario.run({ quick: true, progress: () => {} });
  expect(measured.subjects).toEqual([]);
  expect(measured.missing).toEqual([{ name: 'weft', why: expect.stringContaining('identity') }]);
});
