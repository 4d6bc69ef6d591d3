import { expect, test } from 'vitest';
import type { PodStatus } from '#api/kinds/pod.ts';
import type { Observed } from './decision.ts';
import type { PodRecord } from './pod-record.ts';
import { podStatus } from './pod-status.ts';
import { qosClass } from './qos.ts';
import {
  CREATED,
  exited,
  HEALTHY,
  NOW,
  observed,
  pod,
  RUNNING,
  record,
  STARTING,
} from './testing/fixtures.ts';

function statusOf(of: PodRecord, seen: Observed, nowMs = NOW): PodStatus {
  return podStatus(of, seen, '10.244.0.1', nowMs);
}

const exit = { code: 1, oomKilled: false, known: true, startedAtMs: NOW - 5_000, finishedAtMs: NOW };
const proxy = { 'istio-proxy': RUNNING };
const healthy = { 'istio-proxy': HEALTHY, app: HEALTHY };
const started = { app: { startedAtMs: NOW } };

test.each<[string, PodRecord, Observed, PodStatus['phase']]>([
  ['a pod without a sandbox', record(), observed({}, {}, { sandbox: 'absent' }), 'Pending'],
  ['a pod whose sidecar starts', record(), observed(proxy), 'Pending'],
  ['a pod that runs', record(pod(), started), observed({ ...proxy, app: RUNNING }, healthy), 'Running'],
  [
    'a pod that waits to restart',
    record(pod(), { app: { exit, backoffMs: 10_000, attempt: 1 } }),
    observed(proxy),
    'Running',
  ],
  [
    'a job that succeeded',
    record(
      pod({ restartPolicy: 'Never' }),
      { app: { exit: { ...exit, code: 0 } } },
      { ending: { reason: 'completed', sinceMs: NOW, graceMs: 0 } },
    ),
    observed(proxy),
    'Succeeded',
  ],
  [
    'a job that failed',
    record(
      pod({ restartPolicy: 'Never' }),
      { app: { exit } },
      { ending: { reason: 'completed', sinceMs: NOW, graceMs: 0 } },
    ),
    observed(proxy),
    'Failed',
  ],
  [
    'a pod whose init container failed for good',
    record(
      pod({ restartPolicy: 'Never', initContainers: [{ name: 'setup', command: ['x'] }] }),
      { setup: { exit } },
      { ending: { reason: 'completed', sinceMs: NOW, graceMs: 0 } },
    ),
    observed(proxy),
    'Failed',
  ],
  [
    'a pod past its deadline',
    record(pod(), started, { ending: { reason: 'deadline', sinceMs: NOW, graceMs: 0 } }),
    observed({ app: RUNNING }),
    'Failed',
  ],
  [
    'a pod that is being deleted still runs',
    record(pod(), started, { ending: { reason: 'deleted', sinceMs: NOW, graceMs: 0 } }),
    observed({ ...proxy, app: RUNNING }, healthy),
    'Running',
  ],
])('the phase of %s', (_, of, seen, phase) => {
  expect(statusOf(of, seen).phase).toBe(phase);
});

test.each<[string, PodRecord, Observed, unknown]>([
  ['nothing is there yet', record(), observed(), { waiting: { reason: 'ContainerCreating' } }],
  [
    'init containers come first',
    record(pod({ initContainers: [{ name: 'setup', command: ['x'] }] })),
    observed(),
    { waiting: { reason: 'PodInitializing' } },
  ],
  ['it is created', record(), observed({ app: CREATED }), { waiting: { reason: 'ContainerCreating' } }],
  [
    'the sandbox could not be made',
    record(),
    observed({}, {}, { sandbox: 'absent', sandboxFailure: { reason: 'InjectionRefused', message: 'why' } }),
    { waiting: { reason: 'InjectionRefused', message: 'why' } },
  ],
  [
    'it could not be made',
    record(pod(), {
      app: { failure: { reason: 'ImagesNotSupported', message: 'why', delayMs: 1, retryAtMs: 1 } },
    }),
    observed(),
    { waiting: { reason: 'ImagesNotSupported', message: 'why' } },
  ],
  [
    'it runs',
    record(pod(), started),
    observed({ app: RUNNING }),
    { running: { startedAt: '2023-11-14T22:13:20Z' } },
  ],
  [
    'it restarts at once',
    record(pod(), { app: { exit } }),
    observed(),
    { terminated: { exitCode: 1, reason: 'Error' } },
  ],
  [
    'it waits to restart',
    record(pod(), { app: { exit, backoffMs: 10_000, attempt: 1 } }),
    observed(),
    {
      waiting: {
        reason: 'CrashLoopBackOff',
        message: 'back-off 10s restarting failed container=app pod=web_shop(u1)',
      },
    },
  ],
  [
    'its end was not seen',
    record(pod({ restartPolicy: 'Never' }), { app: { exit: { ...exit, known: false, code: 137 } } }),
    observed(),
    { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } },
  ],
  [
    'it was over its memory limit',
    record(pod({ restartPolicy: 'Never' }), { app: { exit: { ...exit, oomKilled: true, code: 137 } } }),
    observed(),
    { terminated: { exitCode: 137, reason: 'OOMKilled' } },
  ],
  [
    'it waited to restart when the pod was deleted',
    record(
      pod(),
      { app: { exit, backoffMs: 10_000, attempt: 1 } },
      { ending: { reason: 'deleted', sinceMs: NOW, graceMs: 0 } },
    ),
    observed(),
    { terminated: { exitCode: 1, reason: 'Error' } },
  ],
])('the state of a container when %s', (_, of, seen, state) => {
  expect(statusOf(of, seen).containerStatuses?.[0]?.state).toMatchObject(state as object);
});

test('a pod is not ready while its sidecar is not', () => {
  const seen = observed({ ...proxy, app: RUNNING }, { 'istio-proxy': STARTING, app: HEALTHY });
  const ready = statusOf(record(pod(), started), seen).conditions?.find((c) => c.type === 'Ready');
  expect(ready).toMatchObject({
    status: 'False',
    reason: 'ContainersNotReady',
    message: 'containers with unready status: [istio-proxy]',
  });
});

test('a pod that ends is not ready, though its containers are', () => {
  const ending = { reason: 'deleted', sinceMs: NOW, graceMs: 0 } as const;
  const { conditions } = statusOf(
    record(pod(), started, { ending }),
    observed({ ...proxy, app: RUNNING }, healthy),
  );
  const by = Object.fromEntries((conditions ?? []).map((c) => [c.type, c.status]));
  expect(by).toMatchObject({ ContainersReady: 'True', Ready: 'False' });
});

test('a condition keeps the time of its last change of status', () => {
  const seen = observed({ ...proxy, app: RUNNING }, healthy);
  const first = record(pod(), started);
  const before = statusOf(first, seen);
  const after = statusOf({ ...first, status: before }, seen, NOW + 60_000);
  expect(after.conditions).toEqual(before.conditions);
  const unready = statusOf({ ...first, status: before }, observed(proxy, healthy), NOW + 60_000);
  expect(unready.conditions?.find((c) => c.type === 'Ready')?.lastTransitionTime).toBe(
    '2023-11-14T22:14:20Z',
  );
});

test('conditions of others stay', () => {
  const gate = { type: 'example.com/gate', status: 'True' as const };
  const of = record(pod(), started);
  const status = statusOf(
    { ...of, status: { conditions: [gate] } },
    observed({ ...proxy, app: RUNNING }, healthy),
  );
  expect(status.conditions).toContainEqual(gate);
});

test('an address is told once the sandbox has it', () => {
  expect(statusOf(record(), observed({}, {}, { sandbox: 'absent' })).podIP).toBeUndefined();
  expect(statusOf(record(), observed()).podIP).toBe('10.244.0.9');
});

test('init containers that are through are complete, others are named', () => {
  const of = record(pod({ initContainers: [{ name: 'setup', command: ['x'] }] }));
  const waiting = statusOf(of, observed({ ...proxy, setup: RUNNING }, healthy));
  expect(waiting.conditions?.find((c) => c.type === 'Initialized')).toMatchObject({
    status: 'False',
    message: 'containers with incomplete status: [setup]',
  });
  const done = record(pod({ initContainers: [{ name: 'setup', command: ['x'] }] }), {
    setup: { exit: { ...exit, code: 0 } },
  });
  expect(statusOf(done, observed({ ...proxy, setup: exited(0) }, healthy)).conditions).toContainEqual(
    expect.objectContaining({ type: 'Initialized', status: 'True' }),
  );
});

const amounts = (cpu: string, memory: string) => ({ cpu, memory });
test.each([
  ['BestEffort', {}],
  ['Burstable', { requests: amounts('1', '1Gi') }],
  ['Burstable', { limits: { memory: '64Mi' } }],
  ['Burstable', { limits: amounts('1', '1Gi'), requests: { cpu: '500m' } }],
  ['Guaranteed', { limits: amounts('1', '1Gi') }],
  ['Guaranteed', { limits: amounts('1', '1Gi'), requests: amounts('1000m', '1024Mi') }],
])('%s: %j', (expected, resources) => {
  expect(qosClass(pod({ containers: [{ name: 'app', resources }] }).spec)).toBe(expected);
});
