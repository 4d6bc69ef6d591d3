import { type Client, isReason } from '#api/client/client.ts';
import { recordEvent } from '#api/client/events.ts';
import type { Informer } from '#api/client/informer.ts';
import { keyOf, splitKey } from '#api/client/object-cache.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Stored } from '#api/kinds/meta.ts';
import { Pod } from '#api/kinds/pod.ts';
import { ReplicaSet } from '#api/kinds/replica-set.ts';
import { conditionOf, timestamp, withCondition, withoutCondition } from '../conditions.ts';
import { belonging, claim } from '../ownership/claim.ts';
import { controllerOf } from '../ownership/owner.ts';
import { createOwnWrites } from '../queue/own-writes.ts';
import { createWorkQueue } from '../queue/work-queue.ts';
import { same } from '../same.ts';
import type { Running, Tools } from '../tools.ts';
import { planReplicas, type ReplicaSetStatus } from './plan-replicas.ts';
import { podFromTemplate } from './pod-from-template.ts';

export interface ReplicaSetInputs {
  readonly client: Client;
  readonly replicaSets: Informer<ReplicaSet>;
  /** With the indexes `owner` (uids) and `orphans` (namespace). */
  readonly pods: Informer<Pod>;
  readonly synced: Promise<unknown>;
}

/** Keeps as many pods as each ReplicaSet asks for. */
export function startReplicaSets(inputs: ReplicaSetInputs, tools: Tools): Running {
  const { client, replicaSets, pods } = inputs;
  const writes = createOwnWrites();

  const reconcile = async (key: string): Promise<number | undefined> => {
    await writes.seen(key);
    const { namespace, name } = splitKey(key);
    const replicaSet = replicaSets.get(namespace, name);
    if (replicaSet === undefined) return undefined;
    const candidates = [
      ...pods.find('owner', replicaSet.metadata.uid),
      ...pods.find('orphans', namespace ?? '').filter((pod) => belonging(replicaSet, pod) === 'adopt'),
    ];
    const owned = await claim(client, ReplicaSet, replicaSet, Pod, candidates);
    const plan = planReplicas(replicaSet, owned, tools.clock.wallMs());
    const failure = await apply(key, replicaSet, plan.create, plan.remove).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    await writeStatus(key, replicaSet, withFailure(plan.status, failure?.error, tools.clock.wallMs()));
    if (failure !== undefined) throw failure.error;
    return plan.againMs;
  };

  const apply = async (
    key: string,
    replicaSet: Stored<ReplicaSet>,
    create: number,
    remove: readonly Stored<Pod>[],
  ): Promise<void> => {
    await createInBatches(create, () => createPod(key, replicaSet));
    await all(remove.map((pod) => deletePod(key, replicaSet, pod)));
  };

  const createPod = async (key: string, replicaSet: Stored<ReplicaSet>): Promise<void> => {
    const tell = (type: 'Normal' | 'Warning', reason: string, message: string) =>
      note(client, replicaSet, tools, { type, reason, message });
    try {
      const made = await createWithFreeName(client, replicaSet, tools);
      writes.wrote(key, pods, made);
      tell('Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`);
    } catch (error) {
      tell('Warning', 'FailedCreate', `Error creating a pod: ${messageOf(error)}`);
      throw error;
    }
  };

  const deletePod = async (key: string, replicaSet: Stored<ReplicaSet>, pod: Stored<Pod>): Promise<void> => {
    const { namespace, name, uid } = pod.metadata;
    await client.delete(Pod, namespace, name, { uid }).catch(ignoreConflict);
    writes.deleted(key, pods, pod);
    note(client, replicaSet, tools, {
      type: 'Normal',
      reason: 'SuccessfulDelete',
      message: `Deleted pod: ${name}`,
    });
  };

  const writeStatus = async (
    key: string,
    replicaSet: Stored<ReplicaSet>,
    status: ReplicaSetStatus,
  ): Promise<void> => {
    if (same(replicaSet.status, status)) return;
    writes.wrote(key, replicaSets, await client.updateStatus(ReplicaSet, { ...replicaSet, status }));
  };

  const queue = createWorkQueue({ name: 'replicaset', reconcile, after: inputs.synced }, tools);
  replicaSets.onChange(({ object }) => queue.add(keyOf(object)));
  pods.onChange(({ object, previous }) => {
    for (const pod of previous === undefined ? [object] : [object, previous])
      for (const key of interested(replicaSets, pod)) queue.add(key);
  });
  return queue;
}

/** The set that manages the pod, or those that would like to. */
function interested(replicaSets: Informer<ReplicaSet>, pod: Stored<Pod>): string[] {
  const controller = controllerOf(pod);
  const { namespace } = pod.metadata;
  if (controller !== undefined)
    return controller.kind === 'ReplicaSet'
      ? [keyOf({ metadata: { namespace, name: controller.name } })]
      : [];
  return replicaSets
    .list(namespace)
    .filter((replicaSet) => belonging(replicaSet, pod) === 'adopt')
    .map(keyOf);
}

/**
 * Kubernetes' slow start: 1, 2, 4, … at a time, so that pods which the server refuses cost one request and not
 * hundreds. Rejects with the first failure.
 */
async function createInBatches(count: number, create: () => Promise<void>): Promise<void> {
  for (let done = 0, size = 1; done < count; done += size, size *= 2) {
    await all(Array.from({ length: Math.min(size, count - done) }, create));
  }
}

/** Waits for every one, then rejects with the first failure: nothing goes on behind the caller's back. */
async function all(tasks: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(tasks);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Two random names rarely meet; when they do, another is drawn. */
async function createWithFreeName(
  client: Client,
  replicaSet: Stored<ReplicaSet>,
  tools: Tools,
): Promise<Stored<Pod>> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await client.create(Pod, podFromTemplate(replicaSet, tools.random));
    } catch (error) {
      if (!isReason(error, 'AlreadyExists') || tries === 5) throw error;
    }
  }
}

function withFailure(status: ReplicaSetStatus, error: unknown, wallMs: number): ReplicaSetStatus {
  const { conditions, ...counts } = status;
  if (error === undefined) {
    const left = withoutCondition(conditions, 'ReplicaFailure');
    return conditionOf(conditions, 'ReplicaFailure') === undefined ? status : { ...counts, conditions: left };
  }
  const failure = {
    type: 'ReplicaFailure',
    status: 'True',
    reason: 'FailedCreate',
    message: messageOf(error),
  } as const;
  return { ...counts, conditions: withCondition(conditions, failure, timestamp(wallMs)) };
}

function note(
  client: Client,
  replicaSet: Stored<ReplicaSet>,
  tools: Tools,
  words: { type: 'Normal' | 'Warning'; reason: string; message: string },
): void {
  const happening = { object: replicaSet, component: 'replicaset-controller', ...words };
  void recordEvent(client, happening, tools.clock);
}

function ignoreConflict(error: unknown): void {
  if (!isReason(error, 'Conflict')) throw error;
}
