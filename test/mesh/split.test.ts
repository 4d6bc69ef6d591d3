import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestMesh } from '../support/mesh.ts';
import { PROGRAMS, programPod, service } from '../support/programs.ts';

let mesh: TestMesh;
beforeAll(async () => {
  mesh = await TestMesh.start();
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

function weights(v1: number, v2: number): object {
  const to = (subset: string, weight: number) => ({ destination: { host: 'web', subset }, weight });
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'web' },
    spec: { hosts: ['web'], http: [{ route: [to('v1', v1), to('v2', v2)] }] },
  };
}

const SUBSETS = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name: 'web' },
  spec: {
    host: 'web',
    subsets: ['v1', 'v2'].map((version) => ({ name: version, labels: { version } })),
  },
};

test('a split changes traffic that is running, and no request fails on the way', async () => {
  const versions = ['v1', 'v2'].map((version) =>
    programPod({
      name: `web-${version}`,
      app: 'web',
      program: PROGRAMS.SERVER,
      env: { VERSION: version },
      labels: { version },
      ready: true,
    }),
  );
  await mesh.apply(service('web'), SUBSETS, weights(100, 0), ...versions);
  await mesh.podsReady('web', 2);
  await mesh.apply(
    programPod({ name: 'shopper', app: 'shopper', program: PROGRAMS.LOAD, env: { URL: 'http://web/' } }),
  );
  await mesh.podReady('shopper');
  const all = await mesh.moreLoad('shopper', 200);
  expect(all).toMatchObject({ by: { v1: all.ok }, errors: [] });

  await mesh.apply(weights(0, 100));
  await mesh.until('all traffic goes to v2', async () => {
    const before = await mesh.load('shopper');
    const after = await mesh.moreLoad('shopper', 50);
    return after.by['v1'] === before.by['v1'] ? true : undefined;
  });

  await mesh.apply(weights(50, 50));
  const before = await mesh.moreLoad('shopper', 100);
  const after = await mesh.moreLoad('shopper', 600);
  const share = ((after.by['v1'] ?? 0) - (before.by['v1'] ?? 0)) / (after.ok - before.ok);
  expect(share).toBeGreaterThan(0.35);
  expect(share).toBeLessThan(0.65);
  expect(after.errors).toEqual([]);
});

test('many changes in a row do not fail a request', async () => {
  const before = await mesh.load('shopper');
  for (let i = 0; i < 50; i += 1) await mesh.apply(weights(i % 2 === 0 ? 100 : 0, i % 2 === 0 ? 0 : 100));
  const after = await mesh.moreLoad('shopper', 50);
  expect(after.errors).toEqual(before.errors);
});
