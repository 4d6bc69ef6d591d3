import type { Condition } from '#api/kinds/meta.ts';
import type { ContainerStatus } from '#api/kinds/pod.ts';
import { timestamp } from './container-status.ts';

/**
 * The conditions that the node runtime owns; others pass through as they are. A pod that is here has been scheduled:
 * it is said here as well as by the scheduler, because both write the same list.
 */
const OWNED = new Set(['PodScheduled', 'Initialized', 'ContainersReady', 'Ready']);

export interface Standing {
  readonly initialized: boolean;
  /** Init containers that have not finished, sidecars that have not started. */
  readonly incomplete: readonly string[];
  readonly longRunning: readonly ContainerStatus[];
  readonly ending: boolean;
  readonly succeeded: boolean;
}

export function conditionsOf(standing: Standing, previous: readonly Condition[], nowMs: number): Condition[] {
  const unready = standing.longRunning.filter((status) => !status.ready).map((status) => status.name);
  const complaint = unreadyBecause(standing, unready);
  const wanted: Condition[] = [
    condition('PodScheduled', undefined),
    condition('Initialized', standing.initialized ? undefined : notInitialized(standing)),
    condition('ContainersReady', complaint),
    condition(
      'Ready',
      standing.ending && !standing.succeeded ? (complaint ?? { reason: 'PodTerminating' }) : complaint,
    ),
  ];
  return [
    ...previous.filter((known) => !OWNED.has(known.type)),
    ...wanted.map((next) => dated(next, previous, nowMs)),
  ];
}

interface Complaint {
  reason: string;
  message?: string;
}

function condition(type: string, complaint: Complaint | undefined): Condition {
  return complaint === undefined ? { type, status: 'True' } : { type, status: 'False', ...complaint };
}

function notInitialized({ incomplete }: Standing): Complaint {
  return {
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${incomplete.join(' ')}]`,
  };
}

function unreadyBecause(standing: Standing, unready: readonly string[]): Complaint | undefined {
  if (standing.succeeded) return { reason: 'PodCompleted' };
  if (unready.length === 0) return undefined;
  return { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
}

/** A transition is a change of `status`, not of its reason. */
function dated(next: Condition, previous: readonly Condition[], nowMs: number): Condition {
  const before = previous.find((known) => known.type === next.type);
  const same = before?.status === next.status ? before.lastTransitionTime : undefined;
  return { ...next, lastTransitionTime: same ?? timestamp(nowMs) };
}
