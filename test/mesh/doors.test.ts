import { afterAll, beforeAll, expect, test } from 'vitest';
import { Service } from '#api/kinds/service.ts';
import { execInPod } from '../support/exec-in-pod.ts';
import { TestMesh } from '../support/mesh.ts';
import { PROGRAMS, programPod, service } from '../support/programs.ts';

/** The ways into a pod and out of it that are not a request between two sidecars. */
let mesh: TestMesh;
beforeAll(async () => {
  mesh = await TestMesh.start();
  await mesh.apply(
    service('web'),
    { ...service('crowd'), spec: { clusterIP: 'None', selector: { app: 'web' }, ports: [{ port: 8080 }] } },
    programPod({
      name: 'server',
      app: 'web',
      program: PROGRAMS.SERVER,
      env: { VERSION: 'v1', SECRET: 'from the spec' },
      ready: true,
      container: { securityContext: { runAsUser: 1000, runAsGroup: 1000 } },
    }),
  );
  await mesh.podReady('server');
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

const run = (...command: string[]) => execInPod(mesh.config, 'server', command);
const shell = (script: string) => run('sh', '-c', script);

test('a command runs as the container does, and says how it ended', async () => {
  const result = await shell('id -u; echo "$SECRET"; echo oh >&2; exit 3');
  expect(result).toMatchObject({ stdout: '1000\nfrom the spec\n', stderr: 'oh\n' });
  expect(result.status.details?.causes[0]?.message).toBe('3');
});

test('a command reads what it is given', async () => {
  const { stdout, status } = await execInPod(mesh.config, 'server', ['cat'], 'hello');
  expect([stdout, status.status]).toEqual(['hello', 'Success']);
});

test.each([
  ['a short name', 'web'],
  ['a name with its namespace', 'web.default'],
  ['the whole name', 'web.default.svc.cluster.local'],
])('finds a service by %s', async (_, name) => {
  const web = await mesh.client.get(Service, 'default', 'web');
  const { stdout } = await run('getent', 'ahostsv4', name);
  expect(stdout.split(/\s/)[0]).toBe(web?.spec.clusterIP);
});

test('finds the pods of a headless service', async () => {
  const server = await mesh.pod('server');
  const { stdout } = await run('getent', 'ahostsv4', 'crowd');
  expect(stdout.split(/\s/)[0]).toBe(server?.status?.podIP);
});

test('a name that is not there is not found', async () => {
  expect((await run('getent', 'hosts', 'nobody')).status.status).toBe('Failure');
});

test('the control plane is out of reach of the app', async () => {
  expect((await shell('ls /run/weft /etc/weft 2>&1')).stdout).not.toContain('xds');
});

test('a service is reached from the host', async () => {
  const web = await mesh.client.get(Service, 'default', 'web');
  const text = await mesh.until('the host has the rules', async () =>
    (await fetch(`http://${web?.spec.clusterIP}/`)).text(),
  );
  expect(text).toBe('v1');
});

test('a pod that wants no sidecar has none, and is reached all the same', async () => {
  await mesh.apply(
    service('bare'),
    programPod({
      name: 'bare',
      app: 'bare',
      program: PROGRAMS.SERVER,
      env: { VERSION: 'bare' },
      labels: { 'sidecar.istio.io/inject': 'false' },
      ready: true,
    }),
  );
  const bare = await mesh.podReady('bare');
  expect(bare.status?.initContainerStatuses).toBeUndefined();
  expect(bare.metadata.annotations?.['sidecar.istio.io/status']).toBeUndefined();
  const get = `require('node:http').get('http://bare/', (r) => r.pipe(process.stdout))`;
  const { stdout } = await run('/opt/weft/bin/node', '-e', get);
  expect(stdout).toBe('bare');
});

test('a container that its liveness probe calls dead is restarted', async () => {
  await mesh.apply(
    programPod({
      name: 'sick',
      app: 'sick',
      // Well until it can take its leave: a first process without a handler would not hear SIGTERM.
      program: `process.on('SIGTERM', () => process.exit(0));
        require('node:fs').writeFileSync('/tmp/sick', '');
        setInterval(() => {}, 1000);`,
      container: {
        livenessProbe: {
          exec: { command: ['test', '!', '-e', '/tmp/sick'] },
          periodSeconds: 1,
          failureThreshold: 1,
        },
      },
    }),
  );
  const sick = await mesh.until('it was restarted', async () => {
    const pod = await mesh.pod('sick');
    return (pod?.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0 ? pod : undefined;
  });
  expect(sick.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(0);
  expect(sick.status?.initContainerStatuses?.[0]?.restartCount).toBe(0);
});
