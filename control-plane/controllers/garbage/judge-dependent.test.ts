import { expect, test } from 'vitest';
import { judgeDependent, type OwnerState } from './judge-dependent.ts';

const owner = (state: OwnerState, i: number) => ({
  state,
  reference: { apiVersion: 'v1', kind: 'ConfigMap', name: `o${i}`, uid: `u${i}` },
});

test.each<{ owners: OwnerState[]; dependents?: boolean; verdict: string }>([
  { owners: [], verdict: 'keep' },
  { owners: ['present'], verdict: 'keep' },
  { owners: ['present', 'present'], verdict: 'keep' },
  { owners: ['present', 'absent'], verdict: 'prune to u0' },
  { owners: ['waiting', 'present'], verdict: 'prune to u1' },
  { owners: ['absent'], verdict: 'delete Background' },
  { owners: ['absent', 'absent'], dependents: true, verdict: 'delete Background' },
  { owners: ['waiting'], verdict: 'delete Background' },
  { owners: ['waiting'], dependents: true, verdict: 'delete Foreground' },
  { owners: ['waiting', 'absent'], dependents: true, verdict: 'delete Foreground' },
])('owners $owners, dependents $dependents: $verdict', ({ owners, dependents = false, verdict }) => {
  const found = judgeDependent(owners.map(owner), dependents);
  const words = {
    keep: () => 'keep',
    prune: () => `prune to ${found.type === 'prune' && found.ownerReferences.map((r) => r.uid).join()}`,
    delete: () => `delete ${found.type === 'delete' && found.policy}`,
  };
  expect(words[found.type]()).toBe(verdict);
});
