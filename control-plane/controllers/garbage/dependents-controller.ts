/** Deletes what its owners left behind, and carries out deletions in the foreground and with orphaning. */
import { type Client, isReason } from '#api/client/client.ts';
import { changeObject } from '#api/client/retry-on-conflict.ts';
import type { AnyKind } from '#api/kinds/kind.ts';
import type { KubeObject, OwnerReference } from '#api/kinds/meta.ts';
import type { AnyInformer } from '../informers.ts';
import { createWorkQueue } from '../queue/work-queue.ts';
import type { Running, Tools } from '../tools.ts';
import { judgeDependent, type Verdict } from './judge-dependent.ts';
import { createOwnerGraph, FOREGROUND, isWaiting, type Located, nameOf, ORPHAN } from './owner-graph.ts';

export interface DependentsInputs {
  readonly client: Client;
  /** Every kind, with the index `owner`. */
  readonly informers: ReadonlyMap<AnyKind, AnyInformer>;
  readonly synced: Promise<unknown>;
}

export function startDependents(inputs: DependentsInputs, tools: Tools): Running {
  const { client, informers } = inputs;
  const graph = createOwnerGraph(client, informers);
  const logger = tools.logger.with({ controller: 'garbage' });

  const reconcile = async (key: string): Promise<undefined> => {
    const located = graph.find(key);
    if (located === undefined) return;
    const { metadata } = located.object;
    if (metadata.deletionTimestamp === undefined) return judge(located);
    const finalizers = metadata.finalizers ?? [];
    if (finalizers.includes(ORPHAN)) await orphanDependents(located);
    else if (finalizers.includes(FOREGROUND)) await deleteDependents(located);
  };

  const judge = async (located: Located): Promise<undefined> => {
    const { metadata } = located.object;
    const owners = await Promise.all(
      (metadata.ownerReferences ?? []).map(async (reference) => ({
        reference,
        state: await graph.stateOf(reference, metadata.namespace),
      })),
    );
    const verdict = judgeDependent(owners, graph.dependentsOf(metadata.uid).length > 0);
    await carryOut(located, verdict).catch((error: unknown) => {
      if (!isReason(error, 'Conflict') && !isReason(error, 'NotFound')) throw error;
    });
  };

  const carryOut = async (located: Located, verdict: Verdict): Promise<void> => {
    const { kind, object } = located;
    const { namespace, name, uid } = object.metadata;
    if (verdict.type === 'prune') await setOwners(located, () => verdict.ownerReferences);
    if (verdict.type !== 'delete') return;
    logger.info('deleting what its owner left behind', { object: nameOf(located) });
    await client.delete(kind, namespace, name, { uid, propagationPolicy: verdict.policy });
  };

  const setOwners = (
    { kind, object }: Located,
    owners: (present: OwnerReference[]) => OwnerReference[],
  ): Promise<unknown> =>
    rewrite(client, { kind, object }, (metadata) => ({
      ...metadata,
      ownerReferences: owners(metadata.ownerReferences ?? []),
    }));

  const orphanDependents = async (owner: Located): Promise<void> => {
    const { uid } = owner.object.metadata;
    const others = (owners: OwnerReference[]) => owners.filter((reference) => reference.uid !== uid);
    await Promise.all(graph.dependentsOf(uid).map((dependent) => setOwners(dependent, others)));
    await dropFinalizer(owner, ORPHAN);
  };

  const deleteDependents = async (owner: Located): Promise<void> => {
    const { uid } = owner.object.metadata;
    const dependents = graph.dependentsOf(uid);
    const blocking = dependents.filter(({ object }) =>
      object.metadata.ownerReferences?.some((r) => r.uid === uid && r.blockOwnerDeletion === true),
    );
    if (blocking.length === 0) await dropFinalizer(owner, FOREGROUND);
    else for (const dependent of dependents) queue.add(graph.keyFor(dependent));
  };

  const dropFinalizer = (located: Located, finalizer: string): Promise<unknown> =>
    rewrite(client, located, (metadata) => ({
      ...metadata,
      finalizers: (metadata.finalizers ?? []).filter((held) => held !== finalizer),
    }));

  const queue = createWorkQueue({ name: 'garbage', reconcile, after: inputs.synced }, tools);
  for (const [kind, informer] of informers) {
    informer.onChange(({ type, object }) => {
      const located = { kind, object };
      if (type === 'deleted') for (const key of concerned(located)) queue.add(key);
      else if (concerns(object)) queue.add(graph.keyFor(located));
    });
  }

  /** Whom the end of an object concerns: those that it owned, and owners that wait for it. */
  const concerned = ({ object }: Located): string[] => {
    const { uid, namespace, ownerReferences = [] } = object.metadata;
    const owners = ownerReferences.flatMap((reference) => graph.ownerOf(reference, namespace) ?? []);
    const waiting = owners.filter((owner) => isWaiting(owner.object));
    return [...graph.dependentsOf(uid), ...waiting].map((located) => graph.keyFor(located));
  };
  return queue;
}

/** Objects without owners that are not being deleted are no business of the garbage collector. */
function concerns({ metadata }: KubeObject): boolean {
  return (
    (metadata.ownerReferences ?? []).length > 0 ||
    (metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length > 0)
  );
}

function rewrite(
  client: Client,
  { kind, object }: Located,
  change: (metadata: KubeObject['metadata']) => KubeObject['metadata'],
): Promise<unknown> {
  const { namespace, name, uid } = object.metadata;
  return changeObject<KubeObject>(client, {
    kind,
    namespace,
    name,
    change: (current) =>
      current.metadata.uid === uid ? { ...current, metadata: change(current.metadata) } : undefined,
  });
}
