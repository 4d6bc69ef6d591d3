import { expect, test } from 'vitest';
import { decide } from './decide.ts';
import { actionKey, type Observed } from './decision.ts';
import type { PodRecord } from './pod-record.ts';
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

function actions(of: PodRecord, seen: Observed, nowMs = NOW): string[] {
  return decide(of, seen, nowMs).actions.map(actionKey);
}

const plain = record();
const prepared = record(
  pod({
    initContainers: [
      { name: 'fetch', command: ['x'] },
      { name: 'helper', command: ['x'], restartPolicy: 'Always' },
      { name: 'check', command: ['x'] },
    ],
  }),
);
const proxyUp = { 'istio-proxy': RUNNING };
const proxyReady = { 'istio-proxy': HEALTHY };

test.each<[string, PodRecord, Observed, string[]]>([
  ['the sandbox is first', plain, observed({}, {}, { sandbox: 'absent' }), ['set-up-sandbox']],
  ['sidecar and app are created together', plain, observed(), ['create istio-proxy', 'create app']],
  [
    'the sidecar starts at once, the app waits for it',
    plain,
    observed({ 'istio-proxy': CREATED, app: CREATED }),
    ['start istio-proxy'],
  ],
  [
    'the app does not start beside a sidecar that is not ready',
    plain,
    observed({ ...proxyUp, app: CREATED }, { 'istio-proxy': STARTING }),
    [],
  ],
  [
    'the app starts when the sidecar is ready',
    plain,
    observed({ ...proxyUp, app: CREATED }, proxyReady),
    ['start app'],
  ],
  ['nothing is left to do when all run', plain, observed({ ...proxyUp, app: RUNNING }, proxyReady), []],
  [
    'without a sidecar the app starts at once',
    record(pod(), {}, { injected: false }),
    observed({ app: CREATED }),
    ['start app'],
  ],
  [
    'only the first init container is created early',
    prepared,
    observed(),
    ['create istio-proxy', 'create fetch'],
  ],
  [
    'an init container waits for the sidecar',
    prepared,
    observed({ ...proxyUp, fetch: CREATED }, { 'istio-proxy': STARTING }),
    [],
  ],
  [
    'an init container starts behind the sidecar',
    prepared,
    observed({ ...proxyUp, fetch: CREATED }, proxyReady),
    ['start fetch'],
  ],
  [
    'what follows an init container waits for its end',
    prepared,
    observed({ ...proxyUp, fetch: RUNNING }, proxyReady),
    [],
  ],
  [
    'after an init container comes the next, created early as far as nothing prepares for it',
    prepared,
    observed({ ...proxyUp, fetch: exited(0) }, proxyReady),
    ['create helper', 'create check'],
  ],
  [
    'an init container after a native sidecar waits until that has started',
    prepared,
    observed(
      { ...proxyUp, fetch: exited(0), helper: RUNNING, check: CREATED },
      { ...proxyReady, helper: STARTING },
    ),
    [],
  ],
  [
    'the app is created when the last init container has succeeded',
    prepared,
    observed(
      { ...proxyUp, fetch: exited(0), helper: RUNNING, check: exited(0) },
      { ...proxyReady, helper: HEALTHY },
    ),
    ['create app'],
  ],
  [
    'what is under way is not asked for again',
    plain,
    observed({}, {}, { busy: new Set(['create app']) }),
    ['create istio-proxy'],
  ],
  [
    'what failed a moment ago waits',
    plain,
    observed({}, {}, { sandbox: 'absent', cooling: new Map([['set-up-sandbox', NOW + 500]]) }),
    [],
  ],
  [
    'a container that could not be made waits for its time',
    record(pod(), { app: { failure: { reason: 'X', message: 'x', delayMs: 500, retryAtMs: NOW + 500 } } }),
    observed({ ...proxyUp }, proxyReady),
    [],
  ],
  [
    'a container that could not be made is tried again',
    record(pod(), { app: { failure: { reason: 'X', message: 'x', delayMs: 500, retryAtMs: NOW } } }),
    observed({ ...proxyUp }, proxyReady),
    ['create app'],
  ],
])('%s', (_, of, seen, expected) => {
  expect(actions(of, seen)).toEqual(expected);
});

test('the app goes on when its sidecar restarts', () => {
  const seen = observed({ 'istio-proxy': exited(1), app: RUNNING }, { app: HEALTHY });
  expect(actions(plain, seen)).toEqual(['create istio-proxy']);
});

test('a waiting step says when to look again', () => {
  const cooling = new Map([['set-up-sandbox', NOW + 500]]);
  expect(decide(plain, observed({}, {}, { sandbox: 'absent', cooling }), NOW).wakeAtMs).toBe(NOW + 500);
});
