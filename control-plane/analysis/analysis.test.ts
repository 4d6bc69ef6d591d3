import { expect, test } from 'vitest';
import { DestinationRule } from '#api/kinds/destination-rule.ts';
import type { AnyKind } from '#api/kinds/kind.ts';
import type { KubeObject } from '#api/kinds/meta.ts';
import { Service } from '#api/kinds/service.ts';
import { VirtualService } from '#api/kinds/virtual-service.ts';
import { openRegistry } from '#control-plane/apiserver/registry/registry-fixture.ts';
import { analyze, readProposals } from './analysis.ts';

const MESH = { clusterDomain: 'cluster.local', clusterId: 'weft' };

function object(kind: AnyKind, name: string, spec: object): KubeObject {
  const group = kind.group === '' ? 'v1' : `${kind.group}/v1`;
  return { apiVersion: group, kind: kind.kind, metadata: { name, namespace: 'default' }, spec } as KubeObject;
}

const reviews = object(Service, 'reviews', { ports: [{ name: 'http', port: 9080 }] });
const toV2 = object(VirtualService, 'reviews', {
  hosts: ['reviews'],
  http: [{ route: [{ destination: { host: 'reviews', subset: 'v2' } }] }],
});
const v2 = object(DestinationRule, 'reviews', {
  host: 'reviews',
  subsets: [{ name: 'v2', labels: { version: 'v2' } }],
});

async function findings(stored: [AnyKind, KubeObject][], proposed: KubeObject[] = []) {
  const { client, clock, close } = await openRegistry();
  for (const [kind, value] of stored) await client.create(kind, value);
  const { proposals, mistakes } = readProposals(proposed);
  expect(mistakes).toEqual([]);
  const found = await analyze(client, MESH, proposals, clock.wallMs());
  await close();
  return found;
}

test('what is stored is judged', async () => {
  expect(await findings([[VirtualService, toV2]])).toMatchObject([
    { object: 'VirtualService default/reviews', reason: 'UnknownHost' },
    { object: 'VirtualService default/reviews', reason: 'UnknownHost' },
  ]);
});

test('what would be stored is judged with it', async () => {
  const stored: [AnyKind, KubeObject][] = [[Service, reviews]];
  expect(await findings(stored, [toV2])).toMatchObject([{ reason: 'UnknownSubset' }]);
  expect(await findings(stored, [toV2, v2])).toEqual([]);
});

test('a proposal takes the place of what is stored under its name', async () => {
  const stored: [AnyKind, KubeObject][] = [
    [Service, reviews],
    [VirtualService, toV2],
    [DestinationRule, v2],
  ];
  expect(await findings(stored)).toEqual([]);
  const without = object(DestinationRule, 'reviews', { host: 'reviews' });
  expect(await findings(stored, [without])).toMatchObject([{ reason: 'UnknownSubset' }]);
});

test('objects that are wrong in themselves are named by their place', () => {
  const { mistakes } = readProposals([
    reviews,
    { apiVersion: 'v9', kind: 'Frob' },
    { ...toV2, spec: { x: 1 } },
  ]);
  expect(mistakes.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['objects[1].kind', 'objects[2].spec.x']),
  );
});
