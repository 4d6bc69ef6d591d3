import { describe, expect, it } from 'vitest';
import type { DeleteOptions } from '#api/client/client.ts';
import { ConfigMap } from '#api/kinds/config-map.ts';
import type { AnyKind } from '#api/kinds/kind.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import { Namespace } from '#api/kinds/namespace.ts';
import { Pod } from '#api/kinds/pod.ts';
import { decideDeletion, mayGo } from './deletion.ts';

const NOW_MS = Date.UTC(2026, 0, 1);
const AT = (seconds: number): string => new Date(NOW_MS + seconds * 1000).toISOString().replace('.000', '');

function stored(metadata: object, more: object = {}): Stored<KubeObject> {
  const own = { name: 'x', uid: 'u', resourceVersion: '5', creationTimestamp: AT(-60) };
  return { apiVersion: 'v1', kind: '', ...more, metadata: { ...own, ...metadata } } as Stored<KubeObject>;
}

const bound = { spec: { nodeName: 'n', terminationGracePeriodSeconds: 30 } };
const marked = { deletionTimestamp: AT(0), deletionGracePeriodSeconds: 0 };
const leaving = { deletionTimestamp: AT(30), deletionGracePeriodSeconds: 30 };

interface Case {
  readonly name: string;
  readonly kind: AnyKind;
  readonly object: Stored<KubeObject>;
  readonly options?: DeleteOptions;
  readonly expected: object;
}

const cases: Case[] = [
  { name: 'a plain object goes', kind: ConfigMap, object: stored({}), expected: { type: 'remove' } },
  {
    name: 'a grace period means nothing to other kinds than pods',
    kind: ConfigMap,
    object: stored({}),
    options: { gracePeriodSeconds: 30 },
    expected: { type: 'remove' },
  },
  {
    name: 'a finalizer holds it',
    kind: ConfigMap,
    object: stored({ finalizers: ['a/b'] }),
    expected: { type: 'mark', object: { metadata: { ...marked, finalizers: ['a/b'] } } },
  },
  {
    name: 'a held object that is marked waits',
    kind: ConfigMap,
    object: stored({ ...marked, finalizers: ['a/b'] }),
    expected: { type: 'wait' },
  },
  {
    name: 'Foreground adds its finalizer',
    kind: ConfigMap,
    object: stored({ finalizers: ['a/b'] }),
    options: { propagationPolicy: 'Foreground' },
    expected: { type: 'mark', object: { metadata: { finalizers: ['a/b', 'foregroundDeletion'] } } },
  },
  {
    name: 'Orphan replaces Foreground',
    kind: ConfigMap,
    object: stored({ ...marked, finalizers: ['foregroundDeletion'] }),
    options: { propagationPolicy: 'Orphan' },
    expected: { type: 'mark', object: { metadata: { finalizers: ['orphan'] } } },
  },
  {
    name: 'Background takes both away',
    kind: ConfigMap,
    object: stored({ ...marked, finalizers: ['foregroundDeletion'] }),
    options: { propagationPolicy: 'Background' },
    expected: { type: 'remove' },
  },
  {
    name: 'a pod without a node goes',
    kind: Pod,
    object: stored({}, { spec: {} }),
    expected: { type: 'remove' },
  },
  {
    name: 'a pod on a node gets its own grace period',
    kind: Pod,
    object: stored({}, bound),
    expected: { type: 'mark', object: { metadata: leaving } },
  },
  {
    name: 'a pod on a node gets the asked grace period',
    kind: Pod,
    object: stored({}, bound),
    options: { gracePeriodSeconds: 5 },
    expected: {
      type: 'mark',
      object: { metadata: { deletionTimestamp: AT(5), deletionGracePeriodSeconds: 5 } },
    },
  },
  {
    name: 'a leaving pod is not given more time',
    kind: Pod,
    object: stored(leaving, bound),
    options: { gracePeriodSeconds: 99 },
    expected: { type: 'wait' },
  },
  {
    name: 'the node runtime lets a pod go',
    kind: Pod,
    object: stored(leaving, bound),
    options: { gracePeriodSeconds: 0 },
    expected: { type: 'remove' },
  },
  {
    name: 'a pod that is stopped waits for its finalizers',
    kind: Pod,
    object: stored({ ...leaving, finalizers: ['a/b'] }, bound),
    options: { gracePeriodSeconds: 0 },
    expected: { type: 'mark', object: { metadata: { ...marked, finalizers: ['a/b'] } } },
  },
  {
    name: 'a namespace is terminating until it is empty',
    kind: Namespace,
    object: stored({}, { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } }),
    expected: { type: 'mark', object: { metadata: marked, status: { phase: 'Terminating' } } },
  },
  {
    name: 'an empty namespace goes',
    kind: Namespace,
    object: stored(marked, { spec: { finalizers: [] }, status: { phase: 'Terminating' } }),
    expected: { type: 'remove' },
  },
];

describe('deletion', () => {
  it.each(cases)('$name', ({ kind, object, options = {}, expected }) => {
    expect(decideDeletion(kind, object, options, NOW_MS)).toMatchObject(expected);
  });
});

describe('an object may go', () => {
  it.each([
    ['not when nobody asked', ConfigMap, stored({}), false],
    ['when it was asked to and nothing holds it', ConfigMap, stored(marked), true],
    ['not while it is held', ConfigMap, stored({ ...marked, finalizers: ['a/b'] }), false],
    ['not while it is being stopped', Pod, stored(leaving, bound), false],
    ['when its namespace finalizer is gone', Namespace, stored(marked, { spec: { finalizers: [] } }), true],
  ])('%s', (_, kind, object, expected) => {
    expect(mayGo(kind, object)).toBe(expected);
  });
});
