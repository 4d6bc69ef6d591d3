/**
 * Binds pods to nodes. One pod at a time, so that two never count on the same room, and each after the caches have
 * seen the binding before it.
 */
import { type Client, isReason } from '#api/client/client.ts';
import { recordEvent } from '#api/client/events.ts';
import type { Informer } from '#api/client/informer.ts';
import { keyOf, splitKey } from '#api/client/object-cache.ts';
import { changeObject } from '#api/client/retry-on-conflict.ts';
import type { Condition, Stored } from '#api/kinds/meta.ts';
import type { Node } from '#api/kinds/node.ts';
import { Pod } from '#api/kinds/pod.ts';
import { conditionOf, timestamp, withCondition } from '../conditions.ts';
import { isTerminal } from '../pods.ts';
import { createOwnWrites } from '../queue/own-writes.ts';
import { createWorkQueue } from '../queue/work-queue.ts';
import { same } from '../same.ts';
import type { Running, Tools } from '../tools.ts';
import { chooseNode, EMPTY, withPod } from './choose-node.ts';

export interface SchedulerInputs {
  readonly client: Client;
  /** With the indexes `node` (name) and `unbound` (the value `true`). */
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly synced: Promise<unknown>;
}

/** Every round waits for all bindings before it, whichever pod they were for. */
const BINDINGS = 'bindings';

export function startScheduler(inputs: SchedulerInputs, tools: Tools): Running {
  const { client, pods, nodes } = inputs;
  const writes = createOwnWrites();

  const reconcile = async (key: string): Promise<undefined> => {
    await writes.seen(BINDINGS);
    const { namespace, name } = splitKey(key);
    const pod = pods.get(namespace, name);
    if (pod === undefined || !waitsForNode(pod)) return;
    const choice = chooseNode(pod, nodes.list().map(candidate));
    if (choice.outcome === 'bind') return bind(pod, choice.nodeName);
    if (conditionOf(pod.status?.conditions, 'PodScheduled')?.message === choice.message) return;
    tell(pod, 'Warning', 'FailedScheduling', choice.message);
    await setScheduled(pod, {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: choice.message,
    });
  };

  const candidate = (node: Stored<Node>) => ({
    node,
    load: pods
      .find('node', node.metadata.name)
      .filter((pod) => !isTerminal(pod))
      .reduce(withPod, EMPTY),
  });

  /** The condition comes before the binding: from then on the status belongs to the node runtime. */
  const bind = async (pod: Stored<Pod>, nodeName: string): Promise<undefined> => {
    const scheduled = await setScheduled(pod, { type: 'PodScheduled', status: 'True' });
    if (scheduled === undefined || !waitsForNode(scheduled)) return;
    const bound = await client.update(Pod, { ...scheduled, spec: { ...scheduled.spec, nodeName } });
    writes.wrote(BINDINGS, pods, bound);
    tell(pod, 'Normal', 'Scheduled', `Successfully assigned ${keyOf(pod)} to ${nodeName}`);
  };

  /** The pod as it is then; undefined when it, and not only a namesake, is gone. */
  const setScheduled = async (
    { metadata: { namespace, name, uid } }: Stored<Pod>,
    condition: Condition,
  ): Promise<Stored<Pod> | undefined> => {
    const now = timestamp(tools.clock.wallMs());
    const change = (current: Stored<Pod>): Pod | undefined => {
      const conditions = withCondition(current.status?.conditions, condition, now);
      if (current.metadata.uid !== uid || same(conditions, current.status?.conditions)) return undefined;
      return { ...current, status: { ...current.status, conditions } };
    };
    const changed = await changeObject(client, { kind: Pod, namespace, name, change }, 'status');
    return changed?.metadata.uid === uid ? changed : undefined;
  };

  const tell = (object: Stored<Pod>, type: 'Normal' | 'Warning', reason: string, message: string): void => {
    void recordEvent(client, { object, type, reason, message, component: 'default-scheduler' }, tools.clock);
  };

  const work = async (key: string): Promise<undefined> => {
    try {
      return await reconcile(key);
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
      return undefined;
    }
  };

  const options = { name: 'scheduler', reconcile: work, concurrency: 1, after: inputs.synced };
  const queue = createWorkQueue(options, tools);
  const retryAll = (): void => {
    for (const pod of pods.find('unbound', 'true')) queue.add(keyOf(pod));
  };
  pods.onChange(({ type, object, previous }) => {
    if (type === 'deleted' || isTerminal(object)) retryAll();
    else if (waitsForNode(object) && !same(previous?.spec, object.spec)) queue.add(keyOf(object));
  });
  nodes.onChange(({ object, previous }) => {
    if (!same(offer(object), previous === undefined ? undefined : offer(previous))) retryAll();
  });
  return queue;
}

/** Index values of the pods that the scheduler cares for. */
export function unboundIndex(pod: Pod): string[] {
  return waitsForNode(pod) ? ['true'] : [];
}

function waitsForNode(pod: Pod): boolean {
  return pod.spec.nodeName === undefined && pod.metadata.deletionTimestamp === undefined && !isTerminal(pod);
}

/** What of a node matters to the choice; heartbeats do not. */
function offer(node: Node): unknown {
  const ready = conditionOf(node.status?.conditions, 'Ready')?.status;
  const { allocatable, capacity } = node.status ?? {};
  return { labels: node.metadata.labels, spec: node.spec, allocatable, capacity, ready };
}
