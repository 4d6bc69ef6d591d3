import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Event } from '#api/kinds/event.ts';
import { TestMesh } from '../support/mesh.ts';
import { PROGRAMS, programDeployment, programPod, service } from '../support/programs.ts';

/** Answers 500 to everything. */
const BROKEN = `
require('node:http').createServer((request, response) => { response.statusCode = 500; response.end(); }).listen(8080);
`;

let mesh: TestMesh;
beforeAll(async () => {
  mesh = await TestMesh.start();
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

async function events(kind: string, name: string, reason: string) {
  const { items } = await mesh.client.list(Event, { namespace: 'default' });
  return items.filter(
    ({ involvedObject, reason: is }) =>
      involvedObject.kind === kind && involvedObject.name === name && is === reason,
  );
}

test('an ejected endpoint is told on its pod and on its service, once, also when the node runtime is killed', async () => {
  await mesh.apply(
    service('web'),
    programDeployment({ name: 'web', app: 'web', program: PROGRAMS.SERVER, ready: true, replicas: 1 }),
    programPod({ name: 'broken', app: 'web', program: BROKEN }),
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'web' },
      spec: {
        host: 'web',
        trafficPolicy: {
          outlierDetection: {
            consecutive5xxErrors: 3,
            interval: '1s',
            baseEjectionTime: '600s',
            maxEjectionPercent: 100,
          },
        },
      },
    },
    programPod({ name: 'shopper', app: 'shopper', program: PROGRAMS.LOAD, env: { URL: 'http://web/' } }),
  );
  const [onPod] = await mesh.until('the ejection is told on the pod', async () => {
    const found = await events('Pod', 'broken', 'EndpointEjected');
    return found.length > 0 ? found : undefined;
  });
  expect(onPod).toMatchObject({
    type: 'Warning',
    source: { component: 'sidecar', host: mesh.config.nodeName },
  });
  expect(onPod?.message).toContain('default/shopper ejected endpoint');
  expect(
    await mesh.until('and on the service', async () => {
      const found = await events('Service', 'web', 'EndpointEjected');
      return found.length > 0 ? found.length : undefined;
    }),
  ).toBe(1);

  const before = onPod?.count;
  await mesh.kill('node-runtime');
  mesh.restart('node-runtime');
  await mesh.moreLoad('shopper', 100);
  await mesh.apply(programPod({ name: 'after', app: 'after', program: PROGRAMS.SERVER }));
  await mesh.podReady('after');
  expect((await events('Pod', 'broken', 'EndpointEjected')).map(({ count }) => count)).toEqual([before]);
});

test('a breaker that refuses is told on its service', async () => {
  await mesh.apply(
    service('slow'),
    programDeployment({
      name: 'slow',
      app: 'slow',
      program: PROGRAMS.SERVER,
      env: { DELAY_MS: '200' },
      replicas: 1,
      ready: true,
    }),
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'slow' },
      spec: { host: 'slow', trafficPolicy: { connectionPool: { http: { http2MaxRequests: 1 } } } },
    },
  );
  await mesh.podsReady('slow', 1);
  await mesh.apply(
    programPod({ name: 'crowd', app: 'crowd', program: PROGRAMS.LOAD, env: { URL: 'http://slow/' } }),
  );
  const [open] = await mesh.until('the breaker is told', async () => {
    const found = await events('Service', 'slow', 'CircuitBreakerOpen');
    return found.length > 0 ? found : undefined;
  });
  expect(open?.message).toContain('requests under way');
  const { stdout } = spawnSync(join(process.cwd(), 'weft'), ['describe', 'service', 'slow'], {
    encoding: 'utf8',
    env: { ...process.env, WEFT_DATA_DIR: mesh.config.dataDir, WEFT_RUN_DIR: mesh.config.runDir },
  });
  expect(stdout).toContain('CircuitBreakerOpen');
});
