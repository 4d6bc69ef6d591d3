import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deployment } from '#api/kinds/deployment.ts';
import { TestMesh } from '../support/mesh.ts';
import { PROGRAMS, programDeployment, programPod, service } from '../support/programs.ts';

/** Kills the programs of the mesh while requests go through it: not one may fail. */
let mesh: TestMesh;
beforeAll(async () => {
  mesh = await TestMesh.start();
  await mesh.apply(
    service('web'),
    programDeployment({
      name: 'web',
      app: 'web',
      program: PROGRAMS.SERVER,
      env: { VERSION: 'v1' },
      ready: true,
      replicas: 2,
    }),
  );
  await mesh.podsReady('web', 2);
  await mesh.apply(
    programPod({ name: 'shopper', app: 'shopper', program: PROGRAMS.LOAD, env: { URL: 'http://web/' } }),
    programPod({
      name: 'stranger',
      app: 'stranger',
      program: PROGRAMS.LOAD,
      env: { URL: 'http://web/', FRESH: '1', WORKERS: '1', PAUSE_MS: '50' },
    }),
  );
  await Promise.all([mesh.podReady('shopper'), mesh.podReady('stranger')]);
  await mesh.moreLoad('shopper', 50);
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

test('traffic goes on without the control plane, and it resumes', async () => {
  await mesh.kill('control-plane');
  const before = await mesh.load('shopper');
  await mesh.moreLoad('shopper', 200);
  mesh.restart('control-plane');
  await mesh.until('the API answers again', () => mesh.client.get(Deployment, 'default', 'web'));
  const after = await mesh.moreLoad('shopper', 100);
  expect(after).toMatchObject({ failed: before.failed, errors: before.errors });
});

test('traffic and new names go on without the node runtime, and it takes the pods over', async () => {
  const pods = await mesh.podsReady('web', 2);
  const before = await Promise.all([mesh.load('shopper'), mesh.load('stranger')]);
  await mesh.kill('node-runtime');
  await mesh.quiet(1_500);
  mesh.restart('node-runtime');
  const after = await Promise.all([mesh.moreLoad('shopper', 100), mesh.moreLoad('stranger', 10)]);
  expect(after.map(({ errors }) => errors)).toEqual(before.map(({ errors }) => errors));
  const taken = await mesh.podsReady('web', 2);
  expect(taken.map(lives)).toEqual(pods.map(lives));
});

test('both may die at once', async () => {
  const before = await mesh.load('shopper');
  await Promise.all([mesh.kill('control-plane'), mesh.kill('node-runtime')]);
  mesh.restart('node-runtime');
  await mesh.quiet(500);
  mesh.restart('control-plane');
  await mesh.until('the API answers again', () => mesh.client.get(Deployment, 'default', 'web'));
  await mesh.apply(
    programDeployment({
      name: 'web',
      app: 'web',
      program: PROGRAMS.SERVER,
      env: { VERSION: 'v1' },
      ready: true,
      replicas: 3,
    }),
  );
  await mesh.podsReady('web', 3);
  const after = await mesh.moreLoad('shopper', 100);
  expect(after).toMatchObject({ failed: before.failed, errors: before.errors });
});

/** What must not change when somebody else looks after a pod. */
function lives(pod: { metadata: { name: string; uid: string }; status?: unknown }): unknown {
  const status = pod.status as { podIP: string; containerStatuses: { restartCount: number }[] };
  return [pod.metadata.uid, status.podIP, status.containerStatuses.map((each) => each.restartCount)];
}
