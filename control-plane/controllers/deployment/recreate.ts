import type { Deployment } from '#api/kinds/deployment.ts';
import type { Stored } from '#api/kinds/meta.ts';
import { controllerOf } from '../ownership/owner.ts';
import { isTerminal } from '../pods.ts';
import type { RolloutAction } from './actions.ts';
import { createCurrent } from './current-set.ts';
import { type Sets, wantedPods } from './replica-sets.ts';
import { scaleTo } from './scale.ts';

/** One step of Recreate: every old pod goes, the last of them to its end, before the first new one comes. */
export function recreateStep(deployment: Stored<Deployment>, sets: Sets): RolloutAction[] {
  if (wantedPods(sets.old) > 0)
    return sets.old.flatMap((set) => (set.spec.replicas > 0 ? scaleTo(deployment, set, 0) : []));
  if (oldPodsRun(sets)) return [];
  if (sets.current === undefined) return [createCurrent(deployment, sets)];
  return scaleTo(deployment, sets.current, deployment.spec.replicas);
}

function oldPodsRun(sets: Sets): boolean {
  const old = new Set(sets.old.map((set) => set.metadata.uid));
  return sets.pods.some((pod) => !isTerminal(pod) && old.has(controllerOf(pod)?.uid ?? ''));
}
