import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { podLogDirectory } from './pod-paths.ts';

const uid = '88f7c3be-5525-4c2f-a661-27b73a8a29c0';

test.each([
  ['web', `shop_web_${uid}`],
  ['a'.repeat(253), `shop_${'a'.repeat(213)}_${uid}`],
])('the log directory of a pod called %s', (name, expected) => {
  const directory = podLogDirectory('/logs', { metadata: { namespace: 'shop', name, uid } });
  expect(basename(directory)).toBe(expected);
  expect(expected.length).toBeLessThanOrEqual(255);
});
