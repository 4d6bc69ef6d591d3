/**
 * One step of a rolling update. The newest set grows into the room that the surge limit leaves; old ones shrink by
 * what the unavailability limit leaves, their unhealthy pods first. One direction a step, so that each decision sees
 * the counts that the one before it made.
 */
import type { Deployment } from '#api/kinds/deployment.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { ReplicaSet } from '#api/kinds/replica-set.ts';
import type { RolloutAction } from './actions.ts';
import { createCurrent, nextReplicas } from './current-set.ts';
import { fencepostsOf } from './fenceposts.ts';
import { allOf, type Sets, servingPods, wantedPods } from './replica-sets.ts';
import { scaleTo } from './scale.ts';

export function rollingUpdateStep(
  deployment: Stored<Deployment>,
  sets: Sets,
  wallMs: number,
): RolloutAction[] {
  const { current } = sets;
  if (current === undefined) return [createCurrent(deployment, sets)];
  const target = Math.min(nextReplicas(deployment, sets), deployment.spec.replicas);
  if (target !== current.spec.replicas) return scaleTo(deployment, current, target);
  return shrinkOld(deployment, sets, current, wallMs);
}

function shrinkOld(
  deployment: Deployment,
  sets: Sets,
  current: Stored<ReplicaSet>,
  wallMs: number,
): RolloutAction[] {
  const serving: Serving = (some) => servingPods(sets, some, wallMs);
  const minAvailable = deployment.spec.replicas - fencepostsOf(deployment).maxUnavailable;
  const notYetServing = current.spec.replicas - serving([current]);
  const spare = wantedPods(allOf(sets)) - minAvailable - notYetServing;
  if (spare <= 0 || wantedPods(sets.old) === 0) return [];
  const sizes = new Map(sets.old.map((set) => [set, set.spec.replicas]));
  takeUnhealthy(sizes, spare, serving);
  takeHealthy(sizes, serving(allOf(sets)) - minAvailable);
  return [...sizes].flatMap(([set, size]) =>
    size === set.spec.replicas ? [] : scaleTo(deployment, set, size),
  );
}

type Sizes = Map<Stored<ReplicaSet>, number>;
type Serving = (some: readonly Stored<ReplicaSet>[]) => number;

/** Takes pods that do not serve, oldest set first; they cost no availability. */
function takeUnhealthy(sizes: Sizes, most: number, serving: Serving): void {
  let left = most;
  for (const [set, size] of sizes) {
    const portion = Math.max(0, Math.min(left, size - serving([set])));
    sizes.set(set, size - portion);
    left -= portion;
  }
}

function takeHealthy(sizes: Sizes, most: number): void {
  let left = most;
  for (const [set, size] of sizes) {
    const portion = Math.max(0, Math.min(left, size));
    sizes.set(set, size - portion);
    left -= portion;
  }
}
