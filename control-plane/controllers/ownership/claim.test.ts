import { describe, expect, test } from 'vitest';
import type { KubeObject, Stored, StoredMeta } from '#api/kinds/meta.ts';
import { type Belonging, belonging, type Owner } from './claim.ts';

const stored = (metadata: Partial<StoredMeta>): Stored<KubeObject> => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', uid: 'p1', resourceVersion: '1', creationTimestamp: '', ...metadata },
});
const owner = (metadata: Partial<StoredMeta> = {}): Owner => ({
  metadata: { ...stored({ uid: 'owner', ...metadata }).metadata },
  spec: { selector: { matchLabels: { app: 'web' } } },
});
const by = (uid: string) => [
  { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid, controller: true },
];
const web = { app: 'web' };
const going = { deletionTimestamp: '2026-01-01T00:00:00Z' };

describe('an object that', () => {
  test.each<{
    name: string;
    candidate: Partial<StoredMeta>;
    owner?: Partial<StoredMeta>;
    verdict: Belonging;
  }>([
    {
      name: 'is owned and selected',
      candidate: { labels: web, ownerReferences: by('owner') },
      verdict: 'keep',
    },
    {
      name: 'is owned but no longer selected',
      candidate: { ownerReferences: by('owner') },
      verdict: 'release',
    },
    {
      name: 'is owned, not selected, by an owner that goes',
      candidate: { ownerReferences: by('owner') },
      owner: going,
      verdict: 'ignore',
    },
    { name: 'another one owns', candidate: { labels: web, ownerReferences: by('other') }, verdict: 'ignore' },
    { name: 'nobody owns and is selected', candidate: { labels: web }, verdict: 'adopt' },
    { name: 'nobody owns and is not selected', candidate: {}, verdict: 'ignore' },
    { name: 'nobody owns and goes', candidate: { labels: web, ...going }, verdict: 'ignore' },
    {
      name: 'nobody owns, for an owner that goes',
      candidate: { labels: web },
      owner: going,
      verdict: 'ignore',
    },
    {
      name: 'has an owner that does not manage it',
      candidate: { labels: web, ownerReferences: by('other').map((r) => ({ ...r, controller: false })) },
      verdict: 'adopt',
    },
  ])('$name: $verdict', ({ candidate, owner: ownerMeta, verdict }) => {
    expect(belonging(owner(ownerMeta), stored(candidate))).toBe(verdict);
  });
});
