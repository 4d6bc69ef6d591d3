import { describe, expect, test } from 'vitest';
import type { Deployment } from '#api/kinds/deployment.ts';
import type { Condition, Stored } from '#api/kinds/meta.ts';
import { conditionOf } from '../conditions.ts';
import { deploymentOf, NOW, podOf, type SetShape, setOf } from './deployment-fixture.ts';
import { planRollout } from './plan-rollout.ts';

const scaled = (replicas: number, max: number) => ({
  'deployment.kubernetes.io/desired-replicas': String(replicas),
  'deployment.kubernetes.io/max-replicas': String(max),
});

/** Actions as a reader says them: `create 3`, `v1 to 2`. */
function steps(
  deployment: Stored<Deployment>,
  shapes: readonly SetShape[],
  pods = podsFor(shapes),
): string[] {
  return planRollout(deployment, shapes.map(setOf), pods, NOW).actions.map((action) => {
    const image = action.replicaSet.spec.template.spec.containers[0]?.image;
    if (action.type === 'create') return `create ${action.replicaSet.spec.replicas}`;
    return action.type === 'scale' ? `${image} to ${action.replicas}` : `${action.type} ${image}`;
  });
}

function podsFor(shapes: readonly SetShape[]) {
  return shapes.flatMap((shape) => {
    const ready = shape.available ?? shape.replicas;
    const count = shape.pods ?? shape.replicas;
    return Array.from({ length: count }, (_, i) =>
      podOf(setOf(shape), `${shape.image}-${i}`, i < ready ? READY : {}),
    );
  });
}

const READY = { status: { conditions: [{ type: 'Ready', status: 'True' as const }] } };

const v2 = { image: 'v2' };
const old = (shape: Partial<SetShape>): SetShape => ({ image: 'v1', replicas: 0, ageS: 100, ...shape });
const current = (shape: Partial<SetShape>): SetShape => ({ image: 'v2', replicas: 0, revision: 2, ...shape });

describe('a rolling update of 4 with surge 1 and 1 unavailable', () => {
  test.each<{ name: string; sets: SetShape[]; does: string[] }>([
    { name: 'starts with the whole when there is nothing', sets: [], does: ['create 4'] },
    { name: 'starts with the surge beside an old set', sets: [old({ replicas: 4 })], does: ['create 1'] },
    {
      name: 'takes old pods as far as availability allows',
      sets: [old({ replicas: 4 }), current({ replicas: 1, available: 0 })],
      does: ['v1 to 3'],
    },
    {
      name: 'grows into the room that was made',
      sets: [old({ replicas: 3 }), current({ replicas: 1, available: 0 })],
      does: ['v2 to 2'],
    },
    {
      name: 'waits for old pods to go before it uses their room',
      sets: [old({ replicas: 3, pods: 4 }), current({ replicas: 1, available: 0 })],
      does: [],
    },
    {
      name: 'waits while new pods do not serve',
      sets: [old({ replicas: 3 }), current({ replicas: 2, available: 0 })],
      does: [],
    },
    {
      name: 'leaves as many old pods as the new ones that do not serve yet need',
      sets: [old({ replicas: 4, available: 1 }), current({ replicas: 1, available: 0 })],
      does: ['v1 to 3'],
    },
    {
      name: 'takes one old pod for each new one that serves',
      sets: [old({ replicas: 3 }), current({ replicas: 2, available: 1 })],
      does: ['v1 to 2'],
    },
    {
      name: 'takes old pods that do not serve first, from the oldest set',
      sets: [
        { image: 'v0', replicas: 2, available: 1, ageS: 200 },
        old({ replicas: 2, available: 2 }),
        current({ replicas: 1, available: 1 }),
      ],
      does: ['v0 to 0'],
    },
    {
      name: 'does not believe a count from before the set was scaled down',
      sets: [old({ replicas: 2, available: 4, pods: 4 }), current({ replicas: 3, available: 1 })],
      does: [],
    },
    {
      name: 'shrinks a current set that is too large',
      sets: [current({ replicas: 6 })],
      does: ['v2 to 4'],
    },
    { name: 'rests when it is done', sets: [old({}), current({ replicas: 4 })], does: [] },
  ])('$name', ({ sets, does }) => {
    const strategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } };
    expect(steps(deploymentOf({ replicas: 4, strategy }, v2), sets)).toEqual(does);
  });
});

describe('a deployment', () => {
  test.each<{
    name: string;
    spec: Record<string, unknown>;
    sets: SetShape[];
    does: string[];
  }>([
    {
      name: 'that recreates takes all old pods first',
      spec: { replicas: 2, strategy: { type: 'Recreate' } },
      sets: [old({ replicas: 2 })],
      does: ['v1 to 0'],
    },
    {
      name: 'that recreates waits for the last old pod',
      spec: { replicas: 2, strategy: { type: 'Recreate' } },
      sets: [old({ replicas: 0, pods: 1 })],
      does: [],
    },
    {
      name: 'that recreates then makes all new ones',
      spec: { replicas: 2, strategy: { type: 'Recreate' } },
      sets: [old({ replicas: 0 })],
      does: ['create 2'],
    },
    {
      name: 'that is paused does not roll on',
      spec: { replicas: 4, paused: true },
      sets: [old({ replicas: 4, annotations: scaled(4, 5) })],
      does: [],
    },
    {
      name: 'that is paused is scaled all the same',
      spec: { replicas: 6, paused: true },
      sets: [old({ replicas: 4, annotations: scaled(4, 5) })],
      does: ['v1 to 6'],
    },
    {
      name: 'that was scaled up in the middle of a rollout gives each set its share',
      spec: { replicas: 20, strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 5 } } },
      sets: [
        old({ replicas: 8, annotations: scaled(10, 10) }),
        current({ replicas: 2, available: 0, annotations: scaled(10, 10) }),
      ],
      does: ['v1 to 16', 'v2 to 4'],
    },
    {
      name: 'that was scaled down in the middle of a rollout takes from each its share',
      spec: { replicas: 5, strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } },
      sets: [
        old({ replicas: 8, annotations: scaled(10, 10) }),
        current({ replicas: 2, available: 2, annotations: scaled(10, 10) }),
      ],
      does: ['v1 to 4', 'v2 to 1'],
    },
    {
      name: 'that was scaled to nothing takes everything',
      spec: { replicas: 0 },
      sets: [
        old({ replicas: 3, annotations: scaled(4, 5) }),
        current({ replicas: 2, annotations: scaled(4, 5) }),
      ],
      does: ['v1 to 0', 'v2 to 0'],
    },
    {
      name: 'that went back to an earlier template numbers it anew',
      spec: { replicas: 4 },
      sets: [
        { image: 'v2', replicas: 0, revision: 1, ageS: 100 },
        { image: 'v3', replicas: 4, revision: 2 },
      ],
      does: ['annotate v2'],
    },
    {
      name: 'forgets revisions beyond its limit when it is done',
      spec: { replicas: 1, revisionHistoryLimit: 1 },
      sets: [
        { image: 'v0', replicas: 0, revision: 1, ageS: 300 },
        { image: 'v1', replicas: 0, revision: 2, ageS: 200 },
        current({ replicas: 1, revision: 3 }),
      ],
      does: ['forget v0'],
    },
    {
      name: 'keeps a revision that still has pods',
      spec: { replicas: 1, revisionHistoryLimit: 0, strategy: { type: 'Recreate' } },
      sets: [old({ replicas: 0, pods: 1 }), current({ replicas: 1 })],
      does: [],
    },
  ])('$name', ({ spec, sets, does }) => {
    expect(steps(deploymentOf(spec, v2), sets)).toEqual(does);
  });

  test('that is being deleted is left alone', () => {
    const metadata = { deletionTimestamp: new Date(NOW).toISOString() };
    expect(steps(deploymentOf({ replicas: 3 }, { ...v2, metadata }), [])).toEqual([]);
  });

  test('makes a set with hash, revision, owner and the annotations that are not its own business', () => {
    const annotations = {
      'kubernetes.io/change-cause': 'new image',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
    };
    const made = planRollout(
      deploymentOf({ replicas: 2 }, { ...v2, metadata: { annotations } }),
      [setOf(old({ replicas: 2 }))],
      [],
      NOW,
    );
    const [action] = made.actions;
    const hash = action?.replicaSet.metadata.labels?.['pod-template-hash'];
    expect(action?.replicaSet).toMatchObject({
      metadata: {
        name: `web-${hash}`,
        annotations: {
          'deployment.kubernetes.io/revision': '2',
          'kubernetes.io/change-cause': 'new image',
          ...scaled(2, 3),
        },
      },
      spec: {
        selector: { matchLabels: { app: 'web', 'pod-template-hash': hash } },
        template: { metadata: { labels: { app: 'web', 'pod-template-hash': hash } } },
      },
    });
    expect(action?.replicaSet.metadata.annotations).not.toHaveProperty([
      'kubectl.kubernetes.io/last-applied-configuration',
    ]);
  });
});

describe('the Progressing condition', () => {
  const since = (reason: string, secondsAgo: number, status: Condition['status'] = 'True'): Condition => ({
    type: 'Progressing',
    status,
    reason,
    lastUpdateTime: new Date(NOW - secondsAgo * 1000).toISOString(),
  });
  const stuck = { replicas: 3, updatedReplicas: 1, readyReplicas: 2, availableReplicas: 2 };
  const halfway = [old({ replicas: 2 }), current({ replicas: 1, available: 0 })];

  test.each<{
    name: string;
    spec?: Record<string, unknown>;
    before?: Record<string, unknown>;
    sets: SetShape[];
    is: string | undefined;
  }>([
    { name: 'says that a set is made', sets: [], is: 'True NewReplicaSetCreated' },
    {
      name: 'says that a set was found',
      before: { replicas: 3, updatedReplicas: 1, readyReplicas: 2, availableReplicas: 2 },
      sets: halfway,
      is: 'True FoundNewReplicaSet',
    },
    {
      name: 'says that pods move',
      before: { ...stuck, updatedReplicas: 0, conditions: [since('NewReplicaSetCreated', 1)] },
      sets: halfway,
      is: 'True ReplicaSetUpdated',
    },
    {
      name: 'stays while nothing moves and there is time',
      before: { ...stuck, conditions: [since('ReplicaSetUpdated', 599)] },
      sets: halfway,
      is: 'True ReplicaSetUpdated',
    },
    {
      name: 'says when the deadline has passed',
      before: { ...stuck, conditions: [since('ReplicaSetUpdated', 601)] },
      sets: halfway,
      is: 'False ProgressDeadlineExceeded',
    },
    {
      name: 'recovers when pods move after all',
      before: { ...stuck, readyReplicas: 1, conditions: [since('ProgressDeadlineExceeded', 9000, 'False')] },
      sets: halfway,
      is: 'True ReplicaSetUpdated',
    },
    {
      name: 'says when it is done',
      before: { ...stuck, conditions: [since('ReplicaSetUpdated', 1)] },
      sets: [current({ replicas: 2 })],
      is: 'True NewReplicaSetAvailable',
    },
    {
      name: 'starts anew with a new template, however long ago the last one ended',
      before: {
        replicas: 2,
        updatedReplicas: 2,
        readyReplicas: 2,
        availableReplicas: 2,
        conditions: [since('NewReplicaSetAvailable', 9999)],
      },
      sets: [old({ replicas: 2 })],
      is: 'True NewReplicaSetCreated',
    },
    {
      name: 'does not count a pod that falls ill after the end as a rollout',
      before: {
        replicas: 2,
        updatedReplicas: 2,
        readyReplicas: 2,
        availableReplicas: 2,
        conditions: [since('NewReplicaSetAvailable', 9999)],
      },
      sets: [current({ replicas: 2, available: 1 })],
      is: 'True NewReplicaSetAvailable',
    },
    { name: 'says that it is paused', spec: { paused: true }, sets: halfway, is: 'Unknown DeploymentPaused' },
    {
      name: 'says that it goes on',
      before: { ...stuck, conditions: [since('DeploymentPaused', 1, 'Unknown')] },
      sets: halfway,
      is: 'Unknown DeploymentResumed',
    },
  ])('$name', ({ spec = {}, before, sets, is }) => {
    const deployment = deploymentOf(
      { replicas: 2, ...spec },
      { ...v2, ...(before === undefined ? {} : { status: before }) },
    );
    const { status } = planRollout(deployment, sets.map(setOf), [], NOW);
    const found = conditionOf(status.conditions, 'Progressing');
    expect(found && `${found.status} ${found.reason}`).toBe(is);
  });

  test('is looked at again when the deadline passes', () => {
    const status = { ...stuck, conditions: [since('ReplicaSetUpdated', 500)] };
    const { againMs } = planRollout(
      deploymentOf({ replicas: 2 }, { ...v2, status }),
      halfway.map(setOf),
      [],
      NOW,
    );
    expect(againMs).toBe(100_001);
  });
});

test('planning again after the status was written changes nothing', () => {
  const sets = [old({}), current({ replicas: 2 })].map(setOf);
  const first = planRollout(deploymentOf({ replicas: 2 }, v2), sets, [], NOW);
  const again = planRollout(
    deploymentOf({ replicas: 2 }, { ...v2, status: first.status }),
    sets,
    [],
    NOW + 60_000,
  );
  expect(again.status).toEqual(first.status);
  expect(again.actions).toEqual([]);
});
