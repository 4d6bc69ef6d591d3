import { expect, test } from 'vitest';
import { decide } from './decide.ts';
import { actionKey, type Decision } from './decision.ts';
import { containerRecord, type PodRecord } from './pod-record.ts';
import { exited, HEALTHY, NOW, observed, pod, RUNNING, record } from './testing/fixtures.ts';

const proxy = { 'istio-proxy': RUNNING };
const healthy = { 'istio-proxy': HEALTHY };

function afterExit(of: PodRecord, code: number, nowMs = NOW): Decision {
  const { attempt } = containerRecord(of, 'app');
  return decide(of, observed({ ...proxy, app: { ...exited(code), attempt } }, healthy), nowMs);
}

test.each<[string, number, string | undefined]>([
  ['Always', 0, undefined],
  ['Always', 1, undefined],
  ['OnFailure', 1, undefined],
  ['OnFailure', 0, 'completed'],
  ['Never', 0, 'completed'],
  ['Never', 1, 'completed'],
])('restartPolicy %s, exit %i: ends %s', (restartPolicy, code, ending) => {
  const decision = afterExit(record(pod({ restartPolicy })), code);
  expect(decision.record.ending?.reason).toBe(ending);
  expect(containerRecord(decision.record, 'app').attempt).toBe(ending === undefined ? 1 : 0);
});

test('the first restart is immediate, the next ones wait longer and longer, up to five minutes', () => {
  let current = record();
  const waits: number[] = [];
  let now = NOW;
  for (let i = 0; i < 8; i += 1) {
    const { attempt } = containerRecord(current, 'app');
    const app = { ...exited(1, { finishedAtMs: now }), attempt };
    const noted = decide(current, observed({ ...proxy, app }, healthy), now);
    waits.push((noted.wakeAtMs ?? now) - now);
    now = noted.wakeAtMs ?? now;
    current = decide(noted.record, observed({ ...proxy, app }, healthy), now).record;
  }
  expect(waits.map((ms) => ms / 1000)).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
});

test('ten minutes of running forgive the failures before', () => {
  const container = { attempt: 4, backoffMs: 160_000, startedAtMs: NOW - 600_000 };
  const decision = afterExit(record(pod(), { app: container }), 1);
  expect(containerRecord(decision.record, 'app')).toMatchObject({ attempt: 5, backoffMs: 0 });
});

test('a restart keeps the exit before as the previous one', () => {
  const decision = afterExit(record(), 3);
  expect(containerRecord(decision.record, 'app')).toMatchObject({ attempt: 1, previous: { code: 3 } });
  expect(decision.actions.map(actionKey)).toEqual(['create app']);
});

test('an exit of an attempt before says nothing of the present one', () => {
  const of = record(pod(), { app: { attempt: 1 } });
  const decision = decide(of, observed({ ...proxy, app: exited(1) }, healthy), NOW);
  expect(containerRecord(decision.record, 'app').exit).toBeUndefined();
});

test('a container that was started and is gone has ended, nobody knows how', () => {
  const of = record(pod({ restartPolicy: 'Never' }), { app: { startedAtMs: NOW - 5_000 } });
  const seen = observed({ ...proxy, app: { attempt: 0, view: { state: 'absent' } } }, healthy);
  expect(containerRecord(decide(of, seen, NOW).record, 'app').exit).toMatchObject({
    known: false,
    code: 137,
  });
});

test('the sidecar restarts whatever the policy of the pod', () => {
  const of = record(pod({ restartPolicy: 'Never' }));
  const decision = decide(of, observed({ 'istio-proxy': exited(1), app: RUNNING }), NOW);
  expect(decision.record.ending).toBeUndefined();
  expect(decision.actions.map(actionKey)).toEqual(['create istio-proxy']);
});

test('an init container that fails for good ends the pod', () => {
  const of = record(pod({ restartPolicy: 'Never', initContainers: [{ name: 'setup', command: ['x'] }] }));
  const decision = decide(of, observed({ ...proxy, setup: exited(2) }, healthy), NOW);
  expect(decision.record.ending?.reason).toBe('completed');
});

test('an init container that fails is tried again where the policy allows it', () => {
  const of = record(pod({ initContainers: [{ name: 'setup', command: ['x'] }] }));
  const decision = decide(of, observed({ ...proxy, setup: exited(2) }, healthy), NOW);
  expect(decision.actions.map(actionKey)).toEqual(['create setup']);
});

test('a container over its memory limit is told of by name', () => {
  const decision = decide(
    record(),
    observed({ ...proxy, app: exited(137, { oomKilled: true }) }, healthy),
    NOW,
  );
  expect(decision.events.map((event) => event.reason)).toContain('OOMKilling');
});

test('a container that its liveness probe calls dead is stopped, and restarts by the policy', () => {
  const dead = { ...HEALTHY, dead: 'failed its liveness probe (500)' };
  const decision = decide(record(), observed({ ...proxy, app: RUNNING }, { ...healthy, app: dead }), NOW);
  expect(decision.actions.map(actionKey)).toEqual(['terminate app']);
  expect(decision.events.map((event) => event.reason)).toEqual(['Killing']);
  const later = decide(decision.record, observed({ ...proxy, app: RUNNING }, healthy), NOW + 30_000);
  expect(later.actions.map(actionKey)).toEqual(['kill app']);
  const over = decide(decision.record, observed({ ...proxy, app: exited(143) }, healthy), NOW + 100);
  expect(containerRecord(over.record, 'app').attempt).toBe(1);
});

test('the grace period of a probe goes before that of the pod', () => {
  const probe = { exec: { command: ['x'] }, terminationGracePeriodSeconds: 2 };
  const of = record(pod({ containers: [{ name: 'app', command: ['x'], livenessProbe: probe }] }));
  const dead = { ...HEALTHY, dead: 'failed' };
  const decision = decide(of, observed({ ...proxy, app: RUNNING }, { ...healthy, app: dead }), NOW);
  expect(decision.wakeAtMs).toBe(NOW + 2_000);
});
