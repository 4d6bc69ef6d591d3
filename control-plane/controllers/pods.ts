import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { conditionOf } from './conditions.ts';

/** Ended for good. */
export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** Counts as a replica: neither ended nor going. */
export function isActive(pod: Pod): boolean {
  return !isTerminal(pod) && pod.metadata.deletionTimestamp === undefined;
}

export function isPodReady(pod: Pod): boolean {
  return conditionOf(pod.status?.conditions, 'Ready')?.status === 'True';
}

/** When the pod became ready, milliseconds since the epoch; undefined while it is not. */
export function readySinceMs(pod: Pod): number | undefined {
  const condition = conditionOf(pod.status?.conditions, 'Ready');
  if (condition?.status !== 'True') return undefined;
  const since = Date.parse(condition.lastTransitionTime ?? '');
  return Number.isNaN(since) ? 0 : since;
}

/** Milliseconds until a ready pod counts as available; 0 when it does, undefined while it is not ready. */
export function availableInMs(pod: Pod, minReadySeconds: number, nowMs: number): number | undefined {
  const since = readySinceMs(pod);
  return since === undefined ? undefined : Math.max(0, since + minReadySeconds * 1000 - nowMs);
}

export function createdMs(object: Stored<Pod>): number {
  return Date.parse(object.metadata.creationTimestamp) || 0;
}
