import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestMesh } from '../support/mesh.ts';
import { PROGRAMS, programPod, service } from '../support/programs.ts';

let mesh: TestMesh;
beforeAll(async () => {
  mesh = await TestMesh.start();
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

test('two pods talk through their sidecars, and the metrics show it', async () => {
  await mesh.apply(
    service('web'),
    programPod({ name: 'web', app: 'web', program: PROGRAMS.SERVER, env: { VERSION: 'v1' }, ready: true }),
  );
  const web = await mesh.podReady('web');
  await mesh.apply(
    programPod({ name: 'shopper', app: 'shopper', program: PROGRAMS.LOAD, env: { URL: 'http://web/' } }),
  );
  const shopper = await mesh.podReady('shopper');
  const load = await mesh.moreLoad('shopper', 50);
  expect(load).toMatchObject({ by: { v1: load.ok }, errors: [] });

  const ofClient = await metrics(shopper.status?.podIP);
  const ofServer = await metrics(web.status?.podIP);
  expect(requests(ofClient, 'source')).toMatchObject({
    response_code: '200',
    destination_service_name: 'web',
  });
  expect(requests(ofServer, 'destination')).toMatchObject({
    response_code: '200',
    destination_workload: 'web',
  });
});

test('a pod is told of in full', async () => {
  const web = await mesh.podReady('web');
  expect(web.metadata.annotations?.['sidecar.istio.io/status']).toContain('istio-proxy');
  expect(web.status).toMatchObject({ phase: 'Running', qosClass: 'BestEffort', hostIP: expect.any(String) });
  expect(web.status?.initContainerStatuses).toMatchObject([{ name: 'istio-proxy', ready: true }]);
  expect(web.status?.conditions?.map((condition) => condition.type).sort()).toEqual([
    'ContainersReady',
    'Initialized',
    'PodScheduled',
    'Ready',
  ]);
});

test('a protocol where the server speaks first needs no configuration', async () => {
  await mesh.apply(
    service('mail', { name: undefined, port: 25 }),
    programPod({ name: 'mail', app: 'mail', program: PROGRAMS.SERVER_FIRST, ready: true }),
    programPod({ name: 'writer', app: 'writer', program: MAIL_CLIENT, spec: { restartPolicy: 'Never' } }),
  );
  await mesh.podReady('mail');
  await mesh.until('the writer is done', async () => {
    const phase = (await mesh.pod('writer'))?.status?.phase;
    return phase === 'Succeeded' || phase === 'Failed' ? phase : undefined;
  });
  expect(await mesh.logs('writer')).toBe('220 ready\nyou said hello\n');
});

/** Waits for the greeting before it says anything; tries again while the server is not up. */
const MAIL_CLIENT = `
const dial = () => {
  const socket = require('node:net').connect(25, 'mail');
  let all = '';
  socket.on('error', () => setTimeout(dial, 200));
  socket.on('data', (data) => {
    if (all === '') socket.write('hello');
    all += data;
  });
  socket.on('end', () => { if (all.includes('you said')) console.log(all); else setTimeout(dial, 200); socket.end(); });
};
dial();
`;

async function metrics(ip: string | undefined): Promise<string> {
  return (await fetch(`http://${ip}:15020/stats/prometheus`)).text();
}

/** Labels of the busiest istio_requests_total series of a reporter. */
function requests(text: string, reporter: string): Record<string, string> {
  const lines = text
    .split('\n')
    .filter((line) => line.startsWith('istio_requests_total{') && line.includes(`reporter="${reporter}"`))
    .sort((a, b) => Number(b.split(' ').at(-1)) - Number(a.split(' ').at(-1)));
  const labels = (lines[0] ?? '').matchAll(/(\w+)="([^"]*)"/g);
  return Object.fromEntries([...labels].map(([, name, value]) => [name, value]));
}
