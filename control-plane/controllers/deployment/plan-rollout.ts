/**
 * What a Deployment does next. Pure and without memory: the same objects give the same step, and every step is safe by
 * itself, so a control plane that dies between two writes loses nothing.
 */
import type { Deployment } from '#api/kinds/deployment.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import type { ReplicaSet } from '#api/kinds/replica-set.ts';
import type { RolloutAction } from './actions.ts';
import { type DeploymentStatus, isComplete } from './completeness.ts';
import { annotateCurrent } from './current-set.ts';
import { deploymentStatus } from './deployment-status.ts';
import { forgetOld } from './history.ts';
import { deadlineInMs } from './progress.ts';
import { recreateStep } from './recreate.ts';
import { type Sets, setsOf } from './replica-sets.ts';
import { revisionOf } from './revision.ts';
import { rollingUpdateStep } from './rolling-update.ts';
import { scaleInProportion, wasScaled } from './scale.ts';

export interface RolloutPlan {
  /** Writes on ReplicaSets. */
  readonly actions: readonly RolloutAction[];
  readonly status: DeploymentStatus;
  /** The revision of the present template, 0 before there is a set for it. */
  readonly revision: number;
  /** When the progress deadline would pass, milliseconds from now. */
  readonly againMs: number | undefined;
}

/** `replicaSets` and `pods` are those that belong to the Deployment. */
export function planRollout(
  deployment: Stored<Deployment>,
  replicaSets: readonly Stored<ReplicaSet>[],
  pods: readonly Stored<Pod>[],
  wallMs: number,
): RolloutPlan {
  const sets = setsOf(deployment, replicaSets, pods);
  const status = deploymentStatus(deployment, sets, wallMs);
  return {
    actions: stepOf(deployment, sets, status, wallMs),
    status,
    revision: sets.current === undefined ? 0 : revisionOf(sets.current),
    againMs: deadlineInMs(deployment, status, wallMs),
  };
}

function stepOf(
  deployment: Stored<Deployment>,
  sets: Sets,
  status: DeploymentStatus,
  wallMs: number,
): readonly RolloutAction[] {
  if (deployment.metadata.deletionTimestamp !== undefined) return [];
  if (deployment.spec.paused)
    return [...scaleInProportion(deployment, sets, wallMs), ...forgetOld(deployment, sets)];
  const annotated = annotateCurrent(deployment, sets);
  if (annotated.length > 0) return annotated;
  const scaled = wasScaled(deployment, sets) ? scaleInProportion(deployment, sets, wallMs) : [];
  if (scaled.length > 0) return scaled;
  const step =
    deployment.spec.strategy.type === 'Recreate'
      ? recreateStep(deployment, sets)
      : rollingUpdateStep(deployment, sets, wallMs);
  return step.length === 0 && isComplete(deployment, status) ? forgetOld(deployment, sets) : step;
}
