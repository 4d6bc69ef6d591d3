import type { Deployment } from '#api/kinds/deployment.ts';
import type { RolloutAction } from './actions.ts';
import type { Sets } from './replica-sets.ts';
import { revisionOf } from './revision.ts';

/** Forgets the oldest revisions beyond revisionHistoryLimit; only sets that are empty and known to be. */
export function forgetOld(deployment: Deployment, sets: Sets): RolloutAction[] {
  const candidates = sets.old.filter((set) => set.metadata.deletionTimestamp === undefined);
  const surplus = candidates.length - deployment.spec.revisionHistoryLimit;
  if (surplus <= 0) return [];
  return candidates
    .toSorted((a, b) => revisionOf(a) - revisionOf(b))
    .slice(0, surplus)
    .filter(
      (set) =>
        set.spec.replicas === 0 &&
        (set.status?.replicas ?? 0) === 0 &&
        (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0),
    )
    .map((replicaSet) => ({ type: 'forget', replicaSet }));
}
