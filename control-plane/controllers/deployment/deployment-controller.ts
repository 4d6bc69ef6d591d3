import type { Client } from '#api/client/client.ts';
import { recordEvent } from '#api/client/events.ts';
import type { Informer } from '#api/client/informer.ts';
import { keyOf, splitKey } from '#api/client/object-cache.ts';
import { Deployment } from '#api/kinds/deployment.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { ReplicaSet } from '#api/kinds/replica-set.ts';
import { belonging, claim } from '../ownership/claim.ts';
import { controllerOf } from '../ownership/owner.ts';
import { createOwnWrites } from '../queue/own-writes.ts';
import { createWorkQueue } from '../queue/work-queue.ts';
import { same } from '../same.ts';
import type { Running, Tools } from '../tools.ts';
import { applyAction, type RolloutWriter } from './apply-action.ts';
import type { DeploymentStatus } from './completeness.ts';
import { planRollout } from './plan-rollout.ts';
import { REVISION } from './revision.ts';

export interface DeploymentInputs {
  readonly client: Client;
  readonly deployments: Informer<Deployment>;
  /** With the indexes `owner` (uids) and `orphans` (namespace). */
  readonly replicaSets: Informer<ReplicaSet>;
  /** With the index `owner`. */
  readonly pods: Informer<Pod>;
  readonly synced: Promise<unknown>;
}

/** Moves each Deployment's ReplicaSets towards its template and count. */
export function startDeployments(inputs: DeploymentInputs, tools: Tools): Running {
  const { client, deployments, replicaSets, pods } = inputs;
  const writes = createOwnWrites();
  const writer: RolloutWriter = {
    client,
    replicaSets,
    writes,
    tell: (object, message) => {
      const words = {
        type: 'Normal',
        reason: 'ScalingReplicaSet',
        component: 'deployment-controller',
      } as const;
      void recordEvent(client, { object, message, ...words }, tools.clock);
    },
  };

  const reconcile = async (key: string): Promise<number | undefined> => {
    await writes.seen(key);
    const { namespace, name } = splitKey(key);
    const deployment = deployments.get(namespace, name);
    if (deployment === undefined) return undefined;
    const owned = await claim(client, Deployment, deployment, ReplicaSet, candidates(deployment));
    const podsOf = owned.flatMap((set) => pods.find('owner', set.metadata.uid));
    const plan = planRollout(deployment, owned, podsOf, tools.clock.wallMs());
    for (const action of plan.actions) await applyAction(writer, key, deployment, action);
    await writeBack(key, deployment, plan.revision, plan.status);
    return plan.againMs;
  };

  const candidates = (deployment: Stored<Deployment>): Stored<ReplicaSet>[] => [
    ...replicaSets.find('owner', deployment.metadata.uid),
    ...replicaSets
      .find('orphans', deployment.metadata.namespace ?? '')
      .filter((set) => belonging(deployment, set) === 'adopt'),
  ];

  const writeBack = async (
    key: string,
    deployment: Stored<Deployment>,
    revision: number,
    status: DeploymentStatus,
  ): Promise<void> => {
    const annotated = await withRevision(client, deployment, revision);
    if (annotated !== deployment) writes.wrote(key, deployments, annotated);
    if (same(annotated.status, status)) return;
    writes.wrote(key, deployments, await client.updateStatus(Deployment, { ...annotated, status }));
  };

  const queue = createWorkQueue({ name: 'deployment', reconcile, after: inputs.synced }, tools);
  deployments.onChange(({ object }) => queue.add(keyOf(object)));
  replicaSets.onChange(({ object, previous }) => {
    for (const set of previous === undefined ? [object] : [object, previous])
      for (const key of interested(deployments, set)) queue.add(key);
  });
  pods.onChange(({ type, object }) => {
    if (type !== 'added') for (const key of recreating(inputs, object)) queue.add(key);
  });
  return queue;
}

/** kubectl shows the revision from the Deployment's own annotation. */
async function withRevision(
  client: Client,
  deployment: Stored<Deployment>,
  revision: number,
): Promise<Stored<Deployment>> {
  const { annotations } = deployment.metadata;
  if (revision === 0 || annotations?.[REVISION] === String(revision)) return deployment;
  if (deployment.metadata.deletionTimestamp !== undefined) return deployment;
  const metadata = { ...deployment.metadata, annotations: { ...annotations, [REVISION]: String(revision) } };
  return client.update(Deployment, { ...deployment, metadata });
}

/** The Deployment that manages the set, or those that would like to. */
function interested(deployments: Informer<Deployment>, set: Stored<ReplicaSet>): string[] {
  const controller = controllerOf(set);
  const { namespace } = set.metadata;
  if (controller !== undefined)
    return controller.kind === 'Deployment'
      ? [keyOf({ metadata: { namespace, name: controller.name } })]
      : [];
  return deployments
    .list(namespace)
    .filter((deployment) => belonging(deployment, set) === 'adopt')
    .map(keyOf);
}

/** A Recreate rollout goes on when the last old pod has ended; others do not care for single pods. */
function recreating(inputs: DeploymentInputs, pod: Stored<Pod>): string[] {
  const { namespace } = pod.metadata;
  const setName = controllerOf(pod)?.name;
  const set = setName === undefined ? undefined : inputs.replicaSets.get(namespace, setName);
  const name = set === undefined ? undefined : controllerOf(set)?.name;
  const deployment = name === undefined ? undefined : inputs.deployments.get(namespace, name);
  return deployment?.spec.strategy.type === 'Recreate' ? [keyOf(deployment)] : [];
}
