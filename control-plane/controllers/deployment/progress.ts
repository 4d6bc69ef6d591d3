/**
 * The Progressing condition: what a rollout does, and since when it has not moved. Its `lastUpdateTime` is the time of
 * the last progress, and the deadline counts from there.
 */
import type { Deployment } from '#api/kinds/deployment.ts';
import type { Condition, Stored } from '#api/kinds/meta.ts';
import { conditionOf, withCondition } from '../conditions.ts';
import { type DeploymentStatus, isComplete } from './completeness.ts';
import type { Sets } from './replica-sets.ts';
import { currentName } from './template-hash.ts';

const TYPE = 'Progressing';
const DONE = 'NewReplicaSetAvailable';
const TIMED_OUT = 'ProgressDeadlineExceeded';
const PAUSED = 'DeploymentPaused';

/** The condition as it should be now, or undefined when it stays as it is. */
export function progressOf(
  deployment: Stored<Deployment>,
  status: DeploymentStatus,
  sets: Sets,
  wallMs: number,
): Condition | undefined {
  const present = conditionOf(deployment.status?.conditions, TYPE);
  if (deployment.spec.paused) return present?.reason === PAUSED ? undefined : paused;
  if (present?.reason === PAUSED) return resumed;
  const subject =
    sets.current === undefined
      ? `Deployment "${deployment.metadata.name}"`
      : `ReplicaSet "${sets.current.metadata.name}"`;
  const rests = status.replicas === status.updatedReplicas && present?.reason === DONE;
  if (rests) return undefined;
  if (sets.current === undefined && (present === undefined || isSettled(present)))
    return progressing('NewReplicaSetCreated', `Created new replica set "${currentName(deployment)}"`);
  if (isComplete(deployment, status)) return progressing(DONE, `${subject} has successfully progressed.`);
  if (hasMoved(deployment.status ?? {}, status))
    return progressing('ReplicaSetUpdated', `${subject} is progressing.`);
  if (present === undefined && sets.current !== undefined)
    return progressing('FoundNewReplicaSet', `Found new replica set "${sets.current.metadata.name}"`);
  if (present?.reason === DONE) return progressing('ReplicaSetUpdated', `${subject} is progressing.`);
  return isLate(deployment, present, wallMs)
    ? { type: TYPE, status: 'False', reason: TIMED_OUT, message: `${subject} has timed out progressing.` }
    : undefined;
}

/** Milliseconds until the deadline would pass, when one runs. */
export function deadlineInMs(
  deployment: Deployment,
  status: DeploymentStatus,
  wallMs: number,
): number | undefined {
  const present = conditionOf(status.conditions, TYPE);
  if (deployment.spec.paused || present?.status !== 'True' || present.reason === DONE) return undefined;
  return Math.max(0, deadlineMs(deployment, present) - wallMs) + 1;
}

function isLate(deployment: Deployment, present: Condition | undefined, wallMs: number): boolean {
  if (present === undefined || present.reason === TIMED_OUT) return false;
  return wallMs > deadlineMs(deployment, present);
}

function deadlineMs(deployment: Deployment, present: Condition): number {
  const since = Date.parse(String(present['lastUpdateTime'] ?? present.lastTransitionTime ?? ''));
  return (Number.isNaN(since) ? 0 : since) + deployment.spec.progressDeadlineSeconds * 1000;
}

/** More new pods, fewer old ones, or more that are ready or available than before. */
function hasMoved(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

export function setProgress(
  status: DeploymentStatus,
  condition: Condition | undefined,
  now: string,
): DeploymentStatus {
  if (condition === undefined) return status;
  return {
    ...status,
    conditions: withCondition(status.conditions, { ...condition, lastUpdateTime: now }, now),
  };
}

/** The last rollout ended, well or badly; a new one starts the deadline anew. */
function isSettled(present: Condition): boolean {
  return present.reason === DONE || present.reason === TIMED_OUT;
}

function progressing(reason: string, message: string): Condition {
  return { type: TYPE, status: 'True', reason, message };
}

const paused: Condition = { type: TYPE, status: 'Unknown', reason: PAUSED, message: 'Deployment is paused' };
const resumed: Condition = {
  type: TYPE,
  status: 'Unknown',
  reason: 'DeploymentResumed',
  message: 'Deployment is resumed',
};
