/** Deletes pods of nodes that are gone for good. Nobody is left to stop them in order, so they go without grace. */
import { type Client, isReason } from '#api/client/client.ts';
import type { Informer } from '#api/client/informer.ts';
import type { StoredMeta } from '#api/kinds/meta.ts';
import { Node } from '#api/kinds/node.ts';
import { Pod } from '#api/kinds/pod.ts';
import { createWorkQueue } from '../queue/work-queue.ts';
import type { Running, Tools } from '../tools.ts';

export interface StrandedPodsInputs {
  readonly client: Client;
  /** With the index `node` (name). */
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly synced: Promise<unknown>;
}

/** A node that is deleted and registers again within this time keeps its pods (Kubernetes' quarantine). */
const QUARANTINE_MS = 40_000;

export function startStrandedPods(inputs: StrandedPodsInputs, tools: Tools): Running {
  const { client, pods, nodes } = inputs;
  const missedAtMs = new Map<string, number>();

  const reconcile = async (nodeName: string): Promise<number | undefined> => {
    const stranded = pods.find('node', nodeName);
    const present =
      nodes.get(undefined, nodeName) !== undefined ||
      stranded.length === 0 ||
      (await client.get(Node, undefined, nodeName)) !== undefined;
    if (present) {
      missedAtMs.delete(nodeName);
      return undefined;
    }
    const nowMs = tools.clock.nowMs();
    const missedMs = missedAtMs.get(nodeName) ?? nowMs;
    missedAtMs.set(nodeName, missedMs);
    const leftMs = missedMs + QUARANTINE_MS - nowMs;
    if (leftMs > 0) return leftMs;
    for (const { metadata } of stranded) await remove(metadata);
    return undefined;
  };

  const remove = async ({ namespace, name, uid }: StoredMeta): Promise<void> => {
    await client.delete(Pod, namespace, name, { uid, gracePeriodSeconds: 0 }).catch((error: unknown) => {
      if (!isReason(error, 'Conflict')) throw error;
    });
  };

  const queue = createWorkQueue({ name: 'stranded-pods', reconcile, after: inputs.synced }, tools);
  nodes.onChange(({ type, object }) => {
    if (type !== 'updated') queue.add(object.metadata.name);
  });
  pods.onChange(({ type, object, previous }) => {
    const { nodeName } = object.spec;
    if (type === 'deleted' || nodeName === undefined || nodeName === previous?.spec.nodeName) return;
    if (nodes.get(undefined, nodeName) === undefined) queue.add(nodeName);
  });
  return queue;
}
