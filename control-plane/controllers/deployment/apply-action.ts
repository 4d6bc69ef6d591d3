import { type Client, isReason } from '#api/client/client.ts';
import type { Informer } from '#api/client/informer.ts';
import { Deployment } from '#api/kinds/deployment.ts';
import type { Stored } from '#api/kinds/meta.ts';
import { ReplicaSet } from '#api/kinds/replica-set.ts';
import { controllerOf } from '../ownership/owner.ts';
import type { OwnWrites } from '../queue/own-writes.ts';
import type { RolloutAction } from './actions.ts';
import { sameTemplate } from './template-hash.ts';

export interface RolloutWriter {
  readonly client: Client;
  readonly replicaSets: Informer<ReplicaSet>;
  readonly writes: OwnWrites;
  /** A sentence for the Deployment's events. */
  readonly tell: (deployment: Stored<Deployment>, message: string) => void;
}

/** Carries one action out on behalf of the Deployment `key`. */
export async function applyAction(
  writer: RolloutWriter,
  key: string,
  deployment: Stored<Deployment>,
  action: RolloutAction,
): Promise<void> {
  const { client, replicaSets, writes } = writer;
  const { replicaSet } = action;
  const { namespace, name = '' } = replicaSet.metadata;
  const wrote = (stored: Stored<ReplicaSet>): void => writes.wrote(key, replicaSets, stored);
  switch (action.type) {
    case 'create': {
      const made = await create(client, deployment, action.replicaSet);
      wrote(made);
      writer.tell(deployment, `Scaled up replica set ${name} from 0 to ${made.spec.replicas}`);
      return;
    }
    case 'scale': {
      const { replicas } = action;
      const before = replicaSet.spec.replicas;
      wrote(await client.update(ReplicaSet, scaled(action.replicaSet, replicas, action.annotations)));
      const way = replicas > before ? 'up' : 'down';
      if (replicas !== before)
        writer.tell(deployment, `Scaled ${way} replica set ${name} from ${before} to ${replicas}`);
      return;
    }
    case 'annotate': {
      const { minReadySeconds, annotations } = action;
      const metadata = { ...replicaSet.metadata, annotations: { ...annotations } };
      const spec = { ...replicaSet.spec, minReadySeconds };
      wrote(await client.update(ReplicaSet, { ...replicaSet, metadata, spec }));
      return;
    }
    case 'forget':
      await client.delete(ReplicaSet, namespace, name, { uid: action.replicaSet.metadata.uid });
      writes.deleted(key, replicaSets, action.replicaSet);
  }
}

function scaled(
  replicaSet: Stored<ReplicaSet>,
  replicas: number,
  annotations: Readonly<Record<string, string>>,
): ReplicaSet {
  const metadata = { ...replicaSet.metadata, annotations: { ...annotations } };
  return { ...replicaSet, metadata, spec: { ...replicaSet.spec, replicas } };
}

/**
 * The name follows from the template, so an existing set is nearly always our own, which the cache will show soon. A
 * set of somebody else makes the collision count rise, and with it the name change.
 */
async function create(
  client: Client,
  deployment: Stored<Deployment>,
  replicaSet: ReplicaSet,
): Promise<Stored<ReplicaSet>> {
  try {
    return await client.create(ReplicaSet, replicaSet);
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
    const { namespace, name = '' } = replicaSet.metadata;
    const held = await client.get(ReplicaSet, namespace, name);
    const ours = held !== undefined && controllerOf(held)?.uid === deployment.metadata.uid;
    if (!ours || !sameTemplate(held.spec.template, replicaSet.spec.template)) {
      const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
      await client.updateStatus(Deployment, {
        ...deployment,
        status: { ...deployment.status, collisionCount },
      });
    }
    throw error;
  }
}
