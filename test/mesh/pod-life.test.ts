import { afterAll, beforeAll, expect, test } from 'vitest';
import { Event } from '#api/kinds/event.ts';
import { Pod } from '#api/kinds/pod.ts';
import { TestMesh } from '../support/mesh.ts';
import { PROGRAMS, programDeployment, programPod, service } from '../support/programs.ts';

let mesh: TestMesh;
beforeAll(async () => {
  mesh = await TestMesh.start();
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

test('a program that takes too much memory is killed alone and reported', async () => {
  await mesh.apply(
    programPod({
      name: 'hog',
      app: 'hog',
      program: PROGRAMS.HOG,
      container: { resources: { limits: { memory: '64Mi' } } },
    }),
  );
  const hog = await mesh.until('the hog is reported', async () => {
    const pod = await mesh.pod('hog');
    const status = pod?.status?.containerStatuses?.[0];
    const ended = status?.lastState?.terminated ?? status?.state?.terminated;
    return ended?.reason === 'OOMKilled' ? pod : undefined;
  });
  expect(hog.status?.initContainerStatuses).toMatchObject([{ name: 'istio-proxy', restartCount: 0 }]);
  const { items } = await mesh.client.list(Event, { namespace: 'default' });
  expect(items.map((event) => event.reason)).toContain('OOMKilling');
});

test('deleting pods under load loses no request', async () => {
  await mesh.apply(
    service('web'),
    programDeployment({
      name: 'web',
      app: 'web',
      program: PROGRAMS.SERVER,
      env: { VERSION: 'v1', DELAY_MS: '20' },
      ready: true,
      replicas: 2,
    }),
  );
  await mesh.podsReady('web', 2);
  await mesh.apply(
    programPod({ name: 'shopper', app: 'shopper', program: PROGRAMS.LOAD, env: { URL: 'http://web/' } }),
  );
  await mesh.podReady('shopper');
  await mesh.moreLoad('shopper', 50);
  for (let round = 0; round < 3; round += 1) {
    const [first] = await mesh.podsReady('web', 2);
    await mesh.client.delete(Pod, 'default', first?.metadata.name ?? '');
    await mesh.until('it is gone', async () =>
      (await mesh.pod(first?.metadata.name ?? '')) === undefined ? true : undefined,
    );
  }
  await mesh.podsReady('web', 2);
  expect((await mesh.moreLoad('shopper', 50)).errors).toEqual([]);
});

test('containers see their configuration, and see it change', async () => {
  const show = `setInterval(() => { try { console.log(require('node:fs').readFileSync('/etc/app/greeting', 'utf8'), process.env.GREETING, require('node:fs').readFileSync('/run/secret/key', 'utf8')) } catch (error) { console.log(error.message) } }, 100)`;
  const configMap = (greeting: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'words' },
    data: { greeting },
  });
  await mesh.apply(
    programPod({
      name: 'reader',
      app: 'reader',
      program: show,
      container: {
        env: [{ name: 'GREETING', valueFrom: { configMapKeyRef: { name: 'words', key: 'greeting' } } }],
        volumeMounts: [
          { name: 'words', mountPath: '/etc/app' },
          { name: 'key', mountPath: '/run/secret' },
        ],
      },
      spec: {
        volumes: [
          { name: 'words', configMap: { name: 'words' } },
          { name: 'key', secret: { secretName: 'key' } },
        ],
      },
    }),
  );
  await mesh.until('it says what it waits for', async () => {
    const state = (await mesh.pod('reader'))?.status?.containerStatuses?.[0]?.state;
    return state?.waiting?.message?.includes('"words" not found') ? true : undefined;
  });
  await mesh.apply(configMap('hello'), {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'key' },
    stringData: { key: 's3same' },
  });
  await mesh.podReady('reader');
  const says = (line: string) =>
    mesh.until(`it says ${line}`, async () => (await mesh.logs('reader')).includes(line) || undefined);
  await says('hello hello s3same');
  await mesh.apply(configMap('bye'));
  await says('bye hello s3same');
});

test('a container is told apart by its last words, its links and its volumes', async () => {
  const program = `
    const fs = require('node:fs');
    fs.appendFileSync('/scratch/runs', 'x');
    fs.writeFileSync('/dev/termination-log', fs.readFileSync('/scratch/runs', 'utf8') + ' ' + process.env.WEB_SERVICE_PORT);
    process.exit(fs.statSync('/scratch/runs').size < 2 ? 3 : 0);
  `;
  await mesh.apply(
    programPod({
      name: 'words',
      app: 'words',
      program,
      container: { volumeMounts: [{ name: 'scratch', mountPath: '/scratch', subPath: 'deep/down' }] },
      spec: { restartPolicy: 'OnFailure', volumes: [{ name: 'scratch', emptyDir: {} }] },
    }),
  );
  const pod = await mesh.until('it has succeeded at the second try', async () => {
    const seen = await mesh.pod('words');
    return seen?.status?.phase === 'Succeeded' ? seen : undefined;
  });
  expect(pod.status?.containerStatuses).toMatchObject([
    {
      restartCount: 1,
      state: { terminated: { exitCode: 0, message: 'xx 80' } },
      lastState: { terminated: { exitCode: 3, reason: 'Error', message: 'x 80' } },
    },
  ]);
});

test('a job ends with its app, whatever the sidecar does', async () => {
  await mesh.apply(
    programPod({ name: 'job', app: 'job', program: 'console.log("done")', spec: { restartPolicy: 'Never' } }),
  );
  await mesh.until('the job has succeeded', async () =>
    (await mesh.pod('job'))?.status?.phase === 'Succeeded' ? true : undefined,
  );
  expect(await mesh.logs('job')).toBe('done\n');
});

test('a container with an image says what to do instead', async () => {
  await mesh.apply(programPod({ name: 'image', app: 'image', program: '', container: { image: 'nginx:1' } }));
  const waiting = await mesh.until('it says so', async () => {
    const state = (await mesh.pod('image'))?.status?.containerStatuses?.[0]?.state?.waiting;
    return state?.reason === 'ImagesNotSupported' ? state : undefined;
  });
  expect(waiting.message).toContain('leave `image` out');
});
