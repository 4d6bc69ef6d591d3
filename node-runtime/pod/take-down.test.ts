import { expect, test } from 'vitest';
import { decide } from './decide.ts';
import { actionKey, type Observed } from './decision.ts';
import type { PodRecord } from './pod-record.ts';
import { CREATED, exited, HEALTHY, NOW, observed, pod, RUNNING, record } from './testing/fixtures.ts';

const LATER = NOW + 1_000;
const SINCE = NOW;
const deleted = (graceSeconds: number) => ({
  deletionTimestamp: '2023-11-14T22:13:20Z',
  deletionGracePeriodSeconds: graceSeconds,
});
const helperSpec = { initContainers: [{ name: 'helper', command: ['x'], restartPolicy: 'Always' }] };
const ending = { reason: 'deleted', sinceMs: SINCE, graceMs: 30_000 } as const;
const going = record(pod(helperSpec, deleted(30)), {}, { ending });
const all = { 'istio-proxy': RUNNING, helper: RUNNING, app: RUNNING };
const health = { 'istio-proxy': HEALTHY, helper: HEALTHY, app: HEALTHY };

function actions(of: PodRecord, seen: Observed, nowMs: number): string[] {
  return decide(of, seen, nowMs).actions.map(actionKey);
}

test.each<[string, PodRecord, Observed, number, string[]]>([
  ['the app goes on until its peers have heard', going, observed(all, health), NOW + 100, []],
  ['then it is asked to end', going, observed(all, health), LATER, ['terminate app']],
  ['and killed when its time is up', going, observed(all, health), NOW + 30_000, ['kill app']],
  [
    'a native sidecar ends after the app',
    going,
    observed({ ...all, app: exited(0) }, health),
    LATER,
    ['terminate helper'],
  ],
  [
    'the proxy ends last',
    going,
    observed({ ...all, app: exited(0), helper: exited(0) }, health),
    LATER,
    ['terminate istio-proxy'],
  ],
  [
    'then all is removed',
    going,
    observed({ 'istio-proxy': exited(0), helper: exited(0), app: exited(0) }),
    LATER,
    ['tear-down'],
  ],
  [
    'what was created and never started needs no signal',
    going,
    observed({ app: CREATED }),
    LATER,
    ['tear-down'],
  ],
  [
    'a pod that never began is removed at once',
    going,
    observed({}, {}, { sandbox: 'absent' }),
    NOW,
    ['tear-down'],
  ],
  [
    'removing waits for what is being made',
    going,
    observed({}, {}, { busy: new Set(['create app']) }),
    NOW,
    [],
  ],
  ['at last the API forgets the pod', { ...going, tornDown: true }, observed(), LATER, ['forget']],
  [
    'a pod that only completed stays in the API',
    record(pod(), {}, { ending: { reason: 'completed', sinceMs: NOW, graceMs: 0 }, tornDown: true }),
    observed(),
    LATER,
    [],
  ],
  [
    'the sidecar of a completed pod drains',
    record(pod({ restartPolicy: 'Never' })),
    observed({ 'istio-proxy': RUNNING, app: exited(0) }, health),
    NOW,
    ['terminate istio-proxy'],
  ],
  [
    'a forced deletion does not wait for anybody',
    record(pod({}, deleted(0))),
    observed({ 'istio-proxy': RUNNING, app: RUNNING }, health),
    NOW,
    ['kill app'],
  ],
  [
    'a forced deletion kills the sidecar too',
    record(pod({}, deleted(0))),
    observed({ 'istio-proxy': RUNNING, app: exited(137) }, health),
    NOW,
    ['kill istio-proxy'],
  ],
  [
    'nothing restarts in a pod that ends',
    going,
    observed({ ...all, app: exited(1) }, health),
    LATER,
    ['terminate helper'],
  ],
])('%s', (_, of, seen, nowMs, expected) => {
  expect(actions(of, seen, nowMs)).toEqual(expected);
});

test('the proxy gets time to drain even when the app used up the grace period', () => {
  const seen = observed({ 'istio-proxy': RUNNING, helper: exited(0), app: exited(137) }, health);
  const decision = decide(going, seen, NOW + 30_000);
  expect(decision.actions.map(actionKey)).toEqual(['terminate istio-proxy']);
  expect(decision.wakeAtMs).toBeGreaterThan(NOW + 35_000);
});

test('a second deletion may shorten the grace period, not lengthen it', () => {
  const first = decide(going, observed(all, health), LATER).record;
  const hastened = { ...first, pod: pod(helperSpec, deleted(2)) };
  expect(decide(hastened, observed(all, health), LATER).wakeAtMs).toBe(SINCE + 2_000);
  const slowed = { ...first, pod: pod(helperSpec, deleted(300)) };
  expect(decide(slowed, observed(all, health), LATER).wakeAtMs).toBe(SINCE + 30_000);
});

test('a pod past its deadline ends and says so', () => {
  const of = record(pod({ activeDeadlineSeconds: 60 }));
  const seen = observed({ 'istio-proxy': RUNNING, app: RUNNING }, health);
  expect(decide(of, seen, NOW).wakeAtMs).toBe(NOW + 60_000);
  const late = decide(of, seen, NOW + 60_000);
  expect(late.record.ending?.reason).toBe('deadline');
  expect(late.actions.map(actionKey)).toEqual(['terminate app']);
});

test('a deletion of a completed pod makes the API forget it', () => {
  const done = { ending: { reason: 'completed', sinceMs: NOW, graceMs: 0 }, tornDown: true } as const;
  const decision = decide(record(pod({}, deleted(30)), {}, done), observed(), LATER);
  expect(decision.actions.map(actionKey)).toEqual(['forget']);
});
