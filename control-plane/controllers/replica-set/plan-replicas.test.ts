import { describe, expect, test } from 'vitest';
import { seededRandom } from '#api/foundation/random.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { NOW, podOf, setOf } from '../deployment/deployment-fixture.ts';
import { planReplicas } from './plan-replicas.ts';
import { podFromTemplate } from './pod-from-template.ts';
import { deletionOrder } from './pod-ranking.ts';

interface PodShape {
  readonly name: string;
  readonly node?: string;
  readonly phase?: 'Pending' | 'Running' | 'Unknown' | 'Succeeded' | 'Failed';
  /** Ready since so many seconds; not ready when absent. */
  readonly readyS?: number;
  readonly ageS?: number;
  readonly restarts?: number;
  readonly cost?: string;
  readonly going?: boolean;
}

const set = setOf({ image: 'v1', replicas: 2 });
const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();

function pod(shape: PodShape): Stored<Pod> {
  const made = podOf(set, shape.name);
  const { metadata } = made;
  const since = { status: 'True' as const, lastTransitionTime: ago(shape.readyS ?? 0) };
  return {
    ...made,
    metadata: {
      ...metadata,
      creationTimestamp: ago(shape.ageS ?? 100),
      ...(shape.cost === undefined
        ? {}
        : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': shape.cost } }),
      ...(shape.going ? { deletionTimestamp: ago(0) } : {}),
    },
    spec: { ...made.spec, ...(shape.node === undefined ? {} : { nodeName: shape.node }) },
    status: {
      phase: shape.phase ?? 'Running',
      conditions: shape.readyS === undefined ? [] : [{ type: 'Ready', ...since }],
      containerStatuses: [{ name: 'app', ready: true, restartCount: shape.restarts ?? 0 }],
    },
  };
}

describe('of two pods the first to go is', () => {
  test.each<{ name: string; first: PodShape; second: PodShape }>([
    { name: 'without a node', first: { name: 'b' }, second: { name: 'a', node: 'n1' } },
    {
      name: 'pending',
      first: { name: 'b', node: 'n1', phase: 'Pending' },
      second: { name: 'a', node: 'n1', phase: 'Unknown' },
    },
    {
      name: 'unknown',
      first: { name: 'b', node: 'n1', phase: 'Unknown' },
      second: { name: 'a', node: 'n1' },
    },
    { name: 'not ready', first: { name: 'b', node: 'n1' }, second: { name: 'a', node: 'n1', readyS: 5 } },
    {
      name: 'cheaper to delete',
      first: { name: 'b', node: 'n1', readyS: 9, cost: '-1' },
      second: { name: 'a', node: 'n1', readyS: 5 },
    },
    {
      name: 'ready for a shorter time',
      first: { name: 'b', node: 'n1', readyS: 5 },
      second: { name: 'a', node: 'n1', readyS: 50 },
    },
    {
      name: 'restarted more often',
      first: { name: 'b', node: 'n1', readyS: 5, restarts: 3 },
      second: { name: 'a', node: 'n1', readyS: 5, restarts: 1 },
    },
    {
      name: 'younger',
      first: { name: 'b', node: 'n1', readyS: 5, ageS: 10 },
      second: { name: 'a', node: 'n1', readyS: 5, ageS: 20 },
    },
    { name: 'earlier by name', first: { name: 'a' }, second: { name: 'b' } },
  ])('the one that is $name', ({ first, second }) => {
    const names = (pods: PodShape[]): string[] => deletionOrder(pods.map(pod)).map((p) => p.metadata.name);
    expect(names([second, first])).toEqual([first.name, second.name]);
    expect(names([first, second])).toEqual([first.name, second.name]);
  });

  test('the one on the more crowded node', () => {
    const crowd = ['n1', 'n1', 'n2'].map((node, i) => pod({ name: `p${i}`, node, readyS: 50 - i }));
    expect(deletionOrder(crowd).at(-1)?.spec.nodeName).toBe('n2');
  });
});

describe('a set of 2', () => {
  test.each<{ name: string; pods: PodShape[]; create: number; remove: string[] }>([
    { name: 'without pods makes both', pods: [], create: 2, remove: [] },
    { name: 'with one makes one', pods: [{ name: 'a' }], create: 1, remove: [] },
    { name: 'with two rests', pods: [{ name: 'a' }, { name: 'b' }], create: 0, remove: [] },
    {
      name: 'with three deletes the one that serves least',
      pods: [{ name: 'a', readyS: 1 }, { name: 'b' }, { name: 'c', readyS: 2 }],
      create: 0,
      remove: ['b'],
    },
    {
      name: 'replaces pods that ended or go',
      pods: [
        { name: 'a', phase: 'Failed' },
        { name: 'b', phase: 'Succeeded' },
        { name: 'c', going: true },
      ],
      create: 2,
      remove: [],
    },
  ])('$name', ({ pods, create, remove }) => {
    const plan = planReplicas(set, pods.map(pod), NOW);
    expect([plan.create, plan.remove.map((p) => p.metadata.name)]).toEqual([create, remove]);
  });

  test('makes and deletes at most 500 pods in one round', () => {
    const large = setOf({ image: 'v1', replicas: 2_000 });
    expect(planReplicas(large, [], NOW).create).toBe(500);
    const many = Array.from({ length: 1_000 }, (_, i) => pod({ name: `p${i}` }));
    expect(planReplicas(set, many, NOW).remove).toHaveLength(500);
  });

  test('that is being deleted neither makes nor deletes', () => {
    const going = { ...set, metadata: { ...set.metadata, deletionTimestamp: ago(0) } };
    expect(planReplicas(going, [], NOW).create).toBe(0);
    expect(
      planReplicas(
        going,
        ['a', 'b', 'c'].map((name) => pod({ name })),
        NOW,
      ).remove,
    ).toEqual([]);
  });

  test('counts what is there, ready and available, and says when more will be', () => {
    const patient = { ...set, spec: { ...set.spec, minReadySeconds: 10 } };
    const pods = [{ name: 'a', readyS: 20 }, { name: 'b', readyS: 4 }, { name: 'c' }].map(pod);
    const plan = planReplicas(patient, pods, NOW);
    expect(plan.status).toMatchObject({
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 2,
      availableReplicas: 1,
      observedGeneration: 1,
    });
    expect(plan.againMs).toBe(6_000);
  });
});

test('a pod has the template, a name of its own that fits a host name, and its owner', () => {
  const long = { ...set, metadata: { ...set.metadata, name: `${'x'.repeat(80)}` } };
  const random = seededRandom(3);
  const names = new Set(Array.from({ length: 200 }, () => podFromTemplate(long, random).metadata.name));
  expect(names.size).toBe(200);
  for (const name of names) expect(name).toMatch(/^x{58}[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  expect(podFromTemplate(set, random)).toMatchObject({
    metadata: {
      generateName: 'web-v1-',
      labels: { app: 'web', 'pod-template-hash': 'v1' },
      ownerReferences: [{ uid: set.metadata.uid, controller: true, blockOwnerDeletion: true }],
    },
    spec: set.spec.template.spec,
  });
});
