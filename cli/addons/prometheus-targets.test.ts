import { expect, test } from 'vitest';
import { coverageOf } from './prometheus-targets.ts';

const target = (pod: string | undefined, up: boolean, reason = '') => ({
  pod,
  place: 'http://127.0.0.1:1/metrics',
  up,
  reason,
});

test.each([
  ['all is up', [target('a', true), target(undefined, true)], ['a'], { targets: 2, up: 2, lacking: [] }],
  [
    'a pod is no target yet',
    [target('a', true)],
    ['a', 'b'],
    { targets: 1, up: 1, lacking: ['b: not found yet'] },
  ],
  [
    'one was not asked yet',
    [target('a', false)],
    ['a'],
    { targets: 1, up: 0, lacking: ['a: not asked yet'] },
  ],
  [
    'one fails that is no pod',
    [target(undefined, false, 'refused')],
    [],
    { targets: 1, up: 0, lacking: ['http://127.0.0.1:1/metrics: refused'] },
  ],
])('%s', (_name, states, pods, coverage) => {
  expect(coverageOf(states, pods)).toEqual(coverage);
});
