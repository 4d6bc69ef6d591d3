import type { Deployment } from '#api/kinds/deployment.ts';
import type { Condition, Stored } from '#api/kinds/meta.ts';
import { conditionOf, timestamp, withCondition, withoutCondition } from '../conditions.ts';
import type { DeploymentStatus } from './completeness.ts';
import { fencepostsOf } from './fenceposts.ts';
import { progressOf, setProgress } from './progress.ts';
import { actualPods, allOf, availablePods, readyPods, type Sets, wantedPods } from './replica-sets.ts';

/** The status that the sets make, with Kubernetes' conditions and reasons. */
export function deploymentStatus(
  deployment: Stored<Deployment>,
  sets: Sets,
  wallMs: number,
): DeploymentStatus {
  const all = allOf(sets);
  const available = availablePods(all);
  const current = sets.current === undefined ? [] : [sets.current];
  const counted: DeploymentStatus = {
    ...deployment.status,
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: actualPods(all),
    updatedReplicas: actualPods(current),
    readyReplicas: readyPods(all),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, wantedPods(all) - available),
  };
  const now = timestamp(wallMs);
  const conditions = [availability(deployment, available), replicaFailure(sets)]
    .filter((condition) => condition !== undefined)
    .reduce((list, condition) => setCondition(list, condition, now), counted.conditions ?? []);
  const cleared =
    replicaFailure(sets) === undefined ? withoutCondition(conditions, 'ReplicaFailure') : conditions;
  const status = { ...counted, conditions: cleared };
  return setProgress(status, progressOf(deployment, status, sets, wallMs), now);
}

function availability(deployment: Deployment, available: number): Condition {
  const enough = available >= deployment.spec.replicas - fencepostsOf(deployment).maxUnavailable;
  return enough
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
}

/** What keeps a set from making its pods, the newest set's trouble first. */
function replicaFailure(sets: Sets): Condition | undefined {
  for (const set of allOf(sets).toReversed()) {
    const failure = conditionOf(set.status?.conditions, 'ReplicaFailure');
    if (failure?.status === 'True') return failure;
  }
  return undefined;
}

/** Unchanged conditions keep their times, so that an idle Deployment is not written again. */
function setCondition(conditions: readonly Condition[], next: Condition, now: string): Condition[] {
  const previous = conditionOf(conditions, next.type);
  if (previous?.status === next.status && previous.reason === next.reason) return [...conditions];
  return withCondition(conditions, { ...next, lastUpdateTime: now }, now);
}
