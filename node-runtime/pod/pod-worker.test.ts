import { expect, test } from 'vitest';
import { WeftError } from '#api/foundation/errors.ts';
import { FakeNode } from './testing/fake-node.ts';
import { pod, record } from './testing/fixtures.ts';

const APP = 'm-u1-app-0';
const PROXY = 'm-u1-istio-proxy-0';

function ready(node: FakeNode): string | undefined {
  return node.status.conditions?.find((condition) => condition.type === 'Ready')?.status;
}

test('a pod comes up in order and says so', async () => {
  const node = new FakeNode();
  await node.worker(record());
  expect(node.journal).toEqual([
    'set up sandbox',
    'create istio-proxy-0',
    'create app-0',
    'start istio-proxy-0',
    'start app-0',
  ]);
  expect(node.status).toMatchObject({ phase: 'Running', podIP: '10.244.0.9', qosClass: 'BestEffort' });
  expect(node.status.initContainerStatuses).toMatchObject([{ name: 'istio-proxy', ready: true }]);
  expect(ready(node)).toBe('True');
  expect(node.reasons()).toEqual(['Created', 'Created', 'Started', 'Started']);
});

test('the app waits for a sidecar that is slow', async () => {
  const node = new FakeNode();
  node.proxyReady = false;
  await node.worker(record());
  expect(node.journal).not.toContain('start app-0');
  expect(node.status.phase).toBe('Pending');
  node.proxyReady = true;
  await node.advance(100);
  expect(node.journal).toContain('start app-0');
});

test('a deleted pod leaves in order: endpoints, app, sidecar, sandbox, API', async () => {
  const node = new FakeNode();
  const worker = await node.worker(record());
  node.journal.length = 0;
  worker.update(pod({}, { deletionTimestamp: '2023-11-14T22:13:20Z', deletionGracePeriodSeconds: 30 }));
  await node.settle();
  expect(ready(node)).toBe('False');
  expect(node.journal).toEqual([]);
  await node.advance(1_000);
  expect(node.journal).toEqual(
    [
      'SIGTERM app-0',
      'SIGTERM istio-proxy-0',
      'remove app-0',
      'remove istio-proxy-0',
      'tear down sandbox',
      'release',
      'over',
    ].sort((a, b) => order(a) - order(b)),
  );
  expect(node.forgotten).toEqual(['web']);
});

/** Containers are removed in any order; the rest is strict. */
function order(step: string): number {
  const steps = [
    'SIGTERM app',
    'SIGTERM istio',
    'remove istio',
    'remove app',
    'tear down',
    'release',
    'over',
  ];
  return steps.findIndex((prefix) => step.startsWith(prefix));
}

test('a new node runtime takes a running pod over without touching it', async () => {
  const node = new FakeNode();
  const first = await node.worker(record());
  first.stop();
  node.journal.length = 0;
  node.proxyReady = false;
  const second = await node.worker(node.saved.at(-1) ?? record());
  expect(node.journal).toEqual([]);
  expect(ready(node)).toBe('True');
  await node.end(APP, 1);
  expect(node.journal).toContain('create app-1');
  second.stop();
});

test('a pod that was half made is finished', async () => {
  const node = new FakeNode();
  node.proxyReady = false;
  const first = await node.worker(record());
  first.stop();
  node.journal.length = 0;
  node.proxyReady = true;
  await node.worker(node.saved.at(-1) ?? record());
  expect(node.journal).toEqual(['start app-0']);
});

test('nothing is put into a sandbox that was half made: it is made again', async () => {
  const node = new FakeNode();
  const of = record();
  node.sandboxes.add(of.sandbox);
  node.halfMade.add(of.sandbox);
  await node.worker(of);
  expect(node.journal[0]).toBe('set up sandbox');
  expect(ready(node)).toBe('True');
});

test('an unready pod stays unready across a takeover until a probe says otherwise', async () => {
  const probe = { tcpSocket: { port: 80 } };
  const of = record(pod({ containers: [{ name: 'app', command: ['x'], readinessProbe: probe }] }));
  const node = new FakeNode();
  node.probeOk = false;
  (await node.worker(of)).stop();
  expect(ready(node)).toBe('False');
  const second = await node.worker(node.saved.at(-1) ?? of);
  expect(ready(node)).toBe('False');
  node.probeOk = true;
  await node.advance(10_000);
  expect(ready(node)).toBe('True');
  second.stop();
});

test('back-off goes on across a takeover', async () => {
  const node = new FakeNode();
  const first = await node.worker(record());
  await node.end(APP, 1);
  await node.end('m-u1-app-1', 1);
  expect(node.status.containerStatuses).toMatchObject([
    { restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } } },
  ]);
  first.stop();
  await node.worker(node.saved.at(-1) ?? record());
  await node.advance(9_000);
  expect(node.journal).not.toContain('start app-2');
  await node.advance(1_001);
  expect(node.journal).toContain('start app-2');
});

test('a finished job is Succeeded, its sidecar stopped and its sandbox gone', async () => {
  const node = new FakeNode();
  await node.worker(record(pod({ restartPolicy: 'Never' })));
  await node.end(APP, 0);
  expect(node.status.phase).toBe('Succeeded');
  expect(node.sandboxes.size).toBe(0);
  expect(node.forgotten).toEqual([]);
  expect(node.status.containerStatuses).toMatchObject([{ state: { terminated: { reason: 'Completed' } } }]);
});

test('the logs of a finished job stay until it is deleted', async () => {
  const node = new FakeNode();
  const worker = await node.worker(record(pod({ restartPolicy: 'Never' })));
  await node.end(APP, 0);
  expect(node.withoutLogs).toEqual([]);
  worker.update(pod({ restartPolicy: 'Never' }, { deletionTimestamp: '2023-11-14T22:13:20Z' }));
  await node.settle();
  expect(node.withoutLogs).toEqual(['web']);
});

test('a failed job is Failed with its exit code, and stays so across a takeover', async () => {
  const node = new FakeNode();
  const first = await node.worker(record(pod({ restartPolicy: 'Never' })));
  await node.end(APP, 9);
  first.stop();
  node.journal.length = 0;
  await node.worker(node.saved.at(-1) ?? record());
  expect(node.status).toMatchObject({
    phase: 'Failed',
    containerStatuses: [{ state: { terminated: { exitCode: 9, reason: 'Error' } } }],
  });
  expect(node.journal).toEqual([]);
});

test('a container over its memory limit is reported by that name', async () => {
  const node = new FakeNode();
  await node.worker(record());
  await node.end(APP, 137, true);
  expect(node.status.containerStatuses).toMatchObject([
    { restartCount: 1, lastState: { terminated: { reason: 'OOMKilled', exitCode: 137 } } },
  ]);
});

test('a container that cannot be made says why, and is tried again', async () => {
  const node = new FakeNode();
  const error = new WeftError('CreateContainerConfigError', 'ConfigMap "x" not found', {
    remedy: 'create it',
  });
  node.creationErrors.set('app', [error]);
  await node.worker(record());
  expect(node.status.containerStatuses).toMatchObject([
    {
      state: {
        waiting: { reason: 'CreateContainerConfigError', message: 'ConfigMap "x" not found; create it' },
      },
    },
  ]);
  await node.advance(500);
  expect(node.status.phase).toBe('Running');
});

test('what a container lacked is tried at once when it may be there', async () => {
  const node = new FakeNode();
  node.creationErrors.set('app', [new WeftError('CreateContainerConfigError', 'missing')]);
  const worker = await node.worker(record());
  worker.retry();
  await node.settle();
  expect(node.journal).toContain('start app-0');
});

test('the preStop hook runs before SIGTERM, and a container that does not listen is killed in time', async () => {
  const preStop = { exec: { command: ['bye'] } };
  const of = record(pod({ containers: [{ name: 'app', command: ['x'], lifecycle: { preStop } }] }));
  const node = new FakeNode();
  node.stubborn.add(APP);
  const worker = await node.worker(of);
  node.journal.length = 0;
  worker.update(
    pod(of.pod.spec, { deletionTimestamp: '2023-11-14T22:13:20Z', deletionGracePeriodSeconds: 5 }),
  );
  await node.settle();
  await node.advance(1_000);
  expect(node.journal).toEqual(['hook app', 'SIGTERM app-0']);
  await node.advance(4_001);
  expect(node.journal).toContain('SIGKILL app-0');
  expect(node.forgotten).toEqual(['web']);
});

test('a hook that hangs does not outlast the grace period', async () => {
  const preStop = { exec: { command: ['hang'] } };
  const of = record(pod({ containers: [{ name: 'app', command: ['x'], lifecycle: { preStop } }] }));
  const node = new FakeNode();
  node.hook = () => new Promise(() => {});
  const worker = await node.worker(of);
  worker.update(
    pod(of.pod.spec, { deletionTimestamp: '2023-11-14T22:13:20Z', deletionGracePeriodSeconds: 5 }),
  );
  await node.settle();
  await node.advance(5_001);
  expect(node.journal).toContain('SIGKILL app-0');
  expect(node.forgotten).toEqual(['web']);
});

test('a container whose postStart hook fails is stopped and restarts', async () => {
  const postStart = { exec: { command: ['hi'] } };
  const of = record(pod({ containers: [{ name: 'app', command: ['x'], lifecycle: { postStart } }] }));
  const node = new FakeNode();
  let codes = [1];
  node.hook = async () => codes.shift() ?? 0;
  await node.worker(of);
  expect(node.reasons()).toContain('FailedPostStartHook');
  expect(node.journal).toContain('start app-1');
  codes = [];
  expect(node.status.phase).toBe('Running');
});

test('a container is not ready while its postStart hook runs, and its exit is noticed all the same', async () => {
  const postStart = { exec: { command: ['hi'] } };
  const of = record(
    pod({ restartPolicy: 'Never', containers: [{ name: 'app', command: ['x'], lifecycle: { postStart } }] }),
  );
  const node = new FakeNode();
  const { promise, resolve } = Promise.withResolvers<number>();
  node.hook = () => promise;
  await node.worker(of);
  expect(ready(node)).toBe('False');
  await node.end(APP, 0);
  expect(node.status.phase).toBe('Succeeded');
  resolve(0);
});

test('a pod that the API lost ends without a word to the API', async () => {
  const node = new FakeNode();
  const worker = await node.worker(record());
  worker.gone();
  await node.settle();
  expect(node.views.size).toBe(0);
  expect(node.forgotten).toEqual([]);
  expect(node.journal.at(-1)).toBe('over');
});

test('an evicted pod is Failed and says why', async () => {
  const node = new FakeNode();
  const worker = await node.worker(record());
  worker.evict('it is too fat');
  await node.settle();
  expect(node.status).toMatchObject({ phase: 'Failed', reason: 'Evicted', message: 'it is too fat' });
  expect(node.sandboxes.size).toBe(0);
});

test('a sidecar that ends comes back by itself, and the app stays', async () => {
  const node = new FakeNode();
  await node.worker(record());
  node.journal.length = 0;
  await node.end(PROXY, 1);
  expect(node.journal).toEqual(['remove istio-proxy-0', 'create istio-proxy-1', 'start istio-proxy-1']);
});

test('the API is not told of the same status twice', async () => {
  const node = new FakeNode();
  const worker = await node.worker(record());
  const before = node.statuses.length;
  worker.update(pod({}, { resourceVersion: '99' }));
  await node.settle();
  expect(node.statuses.length).toBe(before);
});
