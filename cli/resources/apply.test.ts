import { describe, expect, test } from 'vitest';
import { ConfigMap } from '#api/kinds/config-map.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { applyManifest, inOrder, placed } from './apply.ts';
import { type Manifest, readManifests } from './manifests.ts';

function manifest(text: string): Manifest {
  const { manifests, mistakes } = readManifests('f.yaml', text);
  expect(mistakes).toEqual([]);
  return placed(manifests[0]!, undefined);
}

const config = (data: string): Manifest =>
  manifest(`apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: ${data}\n`);
const NOW = { dryRun: false };

describe('applying a manifest', () => {
  test('creates, then finds nothing to do, then changes what differs', async () => {
    const client = new MemoryClient();
    expect((await applyManifest(client, config('{ x: "1" }'), NOW)).outcome).toBe('created');
    expect((await applyManifest(client, config('{ x: "1" }'), NOW)).outcome).toBe('unchanged');
    expect((await applyManifest(client, config('{ x: "2" }'), NOW)).outcome).toBe('configured');
  });

  test('removes what an earlier manifest had, and leaves alone what others added', async () => {
    const client = new MemoryClient();
    await applyManifest(client, config('{ mine: "1", old: "1" }'), NOW);
    await client.patch(ConfigMap, 'default', 'a', { data: { theirs: '1' } });
    const { object } = await applyManifest(client, config('{ mine: "2" }'), NOW);
    expect(object).toMatchObject({ data: { mine: '2', theirs: '1' } });
    expect(object).not.toHaveProperty('data.old');
  });

  test('survives an annotation that somebody broke', async () => {
    const client = new MemoryClient();
    await applyManifest(client, config('{ x: "1" }'), NOW);
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{broken' };
    await client.patch(ConfigMap, 'default', 'a', { metadata: { annotations } });
    expect((await applyManifest(client, config('{ x: "2" }'), NOW)).object).toMatchObject({
      data: { x: '2' },
    });
  });
});

describe('the namespace', () => {
  const plain = readManifests('f.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n')
    .manifests[0]!;
  const named = readManifests(
    'f.yaml',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: x }\n',
  ).manifests[0]!;
  test.each([
    ['default', plain, undefined, 'default'],
    ['of the flag', plain, 'y', 'y'],
    ['of the manifest', named, undefined, 'x'],
    ['of both', named, 'x', 'x'],
  ])('%s', (_name, given, flag, namespace) => {
    expect(placed(given, flag).object.metadata.namespace).toBe(namespace);
  });

  test('of the manifest and that of the flag may not differ', () => {
    expect(() => placed(named, 'y')).toThrow(/f\.yaml:1 names the namespace "x"/);
  });
});

test('namespaces are applied before what lives in them', () => {
  const text =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n---\napiVersion: v1\nkind: Namespace\nmetadata: { name: n }\n';
  expect(inOrder(readManifests('f.yaml', text).manifests).map(({ kind }) => kind.kind)).toEqual([
    'Namespace',
    'ConfigMap',
  ]);
});
