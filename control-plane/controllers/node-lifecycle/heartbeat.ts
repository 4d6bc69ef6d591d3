/** Judges a node by its heartbeat, and its pods by the node. Pure. */
import type { Condition, Stored } from '#api/kinds/meta.ts';
import type { Node } from '#api/kinds/node.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { conditionOf, timestamp, withCondition } from '../conditions.ts';
import { isTerminal } from '../pods.ts';

/** Kubernetes' node-monitor-grace-period: four heartbeats of 10 s. */
export const GRACE_MS = 40_000;

/** Reason of a pod's Ready condition that this controller wrote, so that it can take it back. */
const NODE_LOST = 'NodeNotReady';

/** When a heartbeat was last seen to change, on this machine's own monotonic clock: the node's clock does not matter. */
export interface Pulse {
  readonly heartbeat: string | undefined;
  readonly seenAtMs: number;
}

/** The pulse after looking at the node. A first look counts as a beat: a restart of the control plane condemns nobody. */
export function feel(previous: Pulse | undefined, node: Node, nowMs: number): Pulse {
  const heartbeat = heartbeatOf(node);
  return previous !== undefined && previous.heartbeat === heartbeat
    ? previous
    : { heartbeat, seenAtMs: nowMs };
}

function heartbeatOf(node: Node): string | undefined {
  const beat = conditionOf(node.status?.conditions, 'Ready')?.['lastHeartbeatTime'];
  return typeof beat === 'string' ? beat : undefined;
}

/** The conditions of a node that fell silent, or undefined when they say so already. */
export function lostConditions(node: Node, wallMs: number): Condition[] | undefined {
  const ready = conditionOf(node.status?.conditions, 'Ready');
  if (ready?.status === 'Unknown') return undefined;
  const unknown: Condition = {
    ...ready,
    type: 'Ready',
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    message: 'The node runtime stopped posting the status of its node.',
  };
  return withCondition(node.status?.conditions, unknown, timestamp(wallMs));
}

export function isLost(node: Node): boolean {
  return conditionOf(node.status?.conditions, 'Ready')?.status === 'Unknown';
}

/** The conditions of a pod whose node fell silent or came back; undefined when nothing changes. */
export function podConditions(pod: Stored<Pod>, nodeLost: boolean, wallMs: number): Condition[] | undefined {
  if (isTerminal(pod)) return undefined;
  const { conditions } = pod.status ?? {};
  const ready = conditionOf(conditions, 'Ready');
  const now = timestamp(wallMs);
  if (nodeLost && ready?.status === 'True') {
    const message = `the node ${pod.spec.nodeName} stopped reporting`;
    return withCondition(conditions, { type: 'Ready', status: 'False', reason: NODE_LOST, message }, now);
  }
  const running = conditionOf(conditions, 'ContainersReady')?.status === 'True';
  if (!nodeLost && ready?.reason === NODE_LOST && running && pod.metadata.deletionTimestamp === undefined)
    return withCondition(conditions, { type: 'Ready', status: 'True' }, now);
  return undefined;
}
