import { expect, test } from 'vitest';
import { KeptLimits } from './kept-limits.ts';

interface Policy {
  readonly most: number;
}

function limits(): { kept: KeptLimits<Policy, Policy>; made: Policy[] } {
  const made: Policy[] = [];
  const kept = new KeptLimits((policy: Policy) => {
    made.push(policy);
    return { ...policy };
  });
  return { kept, made };
}

test('a chain that comes again with the same policy goes on with its limit', () => {
  const { kept, made } = limits();
  const first = kept.of('inbound 80', { most: 1 });
  expect(kept.of('inbound 80', { most: 1 })).toBe(first);
  expect(kept.of('inbound 81', { most: 1 })).not.toBe(first);
  expect(kept.of('inbound 80', { most: 2 })).not.toBe(first);
  expect(kept.of('inbound 80', { most: 1 })).not.toBe(first);
  expect(made).toEqual([{ most: 1 }, { most: 1 }, { most: 2 }, { most: 1 }]);
});

test('without a policy there is no limit, and without a chain nothing is kept', () => {
  const { kept } = limits();
  expect(kept.of('inbound 80', undefined)).toBeUndefined();
  expect(kept.of(undefined, { most: 1 })).not.toBe(kept.of(undefined, { most: 1 }));
});

test('the oldest of very many chains is forgotten', () => {
  const { kept, made } = limits();
  for (let port = 0; port <= 1024; port++) kept.of(`inbound ${port}`, { most: 1 });
  kept.of('inbound 1024', { most: 1 });
  expect(made).toHaveLength(1025);
  kept.of('inbound 0', { most: 1 });
  expect(made).toHaveLength(1026);
});
