import type { Client } from '#api/client/client.ts';
import { recordEvent } from '#api/client/events.ts';
import type { Informer } from '#api/client/informer.ts';
import { changeObject } from '#api/client/retry-on-conflict.ts';
import type { Stored } from '#api/kinds/meta.ts';
import { Node } from '#api/kinds/node.ts';
import { Pod } from '#api/kinds/pod.ts';
import { createWorkQueue } from '../queue/work-queue.ts';
import type { Running, Tools } from '../tools.ts';
import { feel, GRACE_MS, isLost, lostConditions, type Pulse, podConditions } from './heartbeat.ts';

export interface NodeLifecycleInputs {
  readonly client: Client;
  readonly nodes: Informer<Node>;
  /** With the index `node` (name). */
  readonly pods: Informer<Pod>;
  readonly synced: Promise<unknown>;
}

/** Notices nodes that fall silent, and takes their pods out of service until they speak again. */
export function startNodeLifecycle(inputs: NodeLifecycleInputs, tools: Tools): Running {
  const { client, nodes, pods } = inputs;
  const { clock } = tools;
  const pulses = new Map<string, Pulse>();

  const reconcile = async (name: string): Promise<number | undefined> => {
    const node = nodes.get(undefined, name);
    if (node === undefined) {
      pulses.delete(name);
      return undefined;
    }
    const pulse = feel(pulses.get(name), node, clock.nowMs());
    pulses.set(name, pulse);
    const leftMs = pulse.seenAtMs + GRACE_MS - clock.nowMs();
    if (leftMs <= 0) await declareLost(node, pulse);
    const lost = leftMs <= 0 || isLost(node);
    for (const pod of pods.find('node', name)) await reviewPod(pod, lost);
    return leftMs > 0 ? leftMs : undefined;
  };

  const declareLost = async (node: Stored<Node>, pulse: Pulse): Promise<void> => {
    if (isLost(node)) return;
    const { name } = node.metadata;
    const message = `Node ${name} status is now: NodeNotReady`;
    const words = { type: 'Normal', reason: 'NodeNotReady', component: 'node-controller' } as const;
    void recordEvent(client, { object: node, message, ...words }, clock);
    await changeObject(
      client,
      {
        kind: Node,
        namespace: undefined,
        name,
        change: (current) => {
          const conditions = lostConditions(current, clock.wallMs());
          const stillSilent = feel(pulse, current, clock.nowMs()) === pulse;
          return stillSilent && conditions !== undefined
            ? { ...current, status: { ...current.status, conditions } }
            : undefined;
        },
      },
      'status',
    );
  };

  const reviewPod = async (pod: Stored<Pod>, lost: boolean): Promise<void> => {
    if (podConditions(pod, lost, clock.wallMs()) === undefined) return;
    const { namespace, name, uid } = pod.metadata;
    await changeObject(
      client,
      {
        kind: Pod,
        namespace,
        name,
        change: (current) => {
          const conditions = podConditions(current, lost, clock.wallMs());
          return conditions !== undefined && current.metadata.uid === uid
            ? { ...current, status: { ...current.status, conditions } }
            : undefined;
        },
      },
      'status',
    );
  };

  const queue = createWorkQueue({ name: 'node-lifecycle', reconcile, after: inputs.synced }, tools);
  nodes.onChange(({ object }) => queue.add(object.metadata.name));
  return queue;
}
