import type { Deployment } from '#api/kinds/deployment.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { ReplicaSet } from '#api/kinds/replica-set.ts';
import { same } from '../same.ts';
import type { RolloutAction } from './actions.ts';
import { fencepostsOf } from './fenceposts.ts';
import { allOf, type Sets, servingPods, wantedPods } from './replica-sets.ts';
import { desiredReplicasOf, maxReplicasOf, scaleAnnotations } from './revision.ts';

/** Scales a set, or nothing when it is so already. */
export function scaleTo(
  deployment: Deployment,
  replicaSet: Stored<ReplicaSet>,
  replicas: number,
): RolloutAction[] {
  const annotations = { ...replicaSet.metadata.annotations, ...scaleAnnotations(deployment) };
  const unchanged =
    replicaSet.spec.replicas === replicas && same(replicaSet.metadata.annotations, annotations);
  return unchanged ? [] : [{ type: 'scale', replicaSet, replicas, annotations }];
}

/** Whether the Deployment was scaled since its sets were: then they are scaled in proportion before a rollout goes on. */
export function wasScaled(deployment: Deployment, sets: Sets): boolean {
  return allOf(sets).some((set) => {
    const desired = desiredReplicasOf(set);
    return set.spec.replicas > 0 && desired !== undefined && desired !== deployment.spec.replicas;
  });
}

/**
 * Brings the sets to the Deployment's count without moving the rollout on (Kubernetes' `scale`): a lone set takes all;
 * of several, each keeps its share of the whole, so that scaling does not undo a canary.
 */
export function scaleInProportion(deployment: Deployment, sets: Sets, wallMs: number): RolloutAction[] {
  const active = allOf(sets).filter((set) => set.spec.replicas > 0);
  const lone = active.length === 0 ? (sets.current ?? sets.old.at(-1)) : active[0];
  if (active.length <= 1)
    return lone === undefined ? [] : scaleTo(deployment, lone, deployment.spec.replicas);
  if (isSaturated(deployment, sets, wallMs)) return sets.old.flatMap((set) => scaleTo(deployment, set, 0));
  if (deployment.spec.strategy.type === 'Recreate') return [];
  return share(deployment, active);
}

/** The current set is all that is wanted, and serves. */
function isSaturated(deployment: Deployment, sets: Sets, wallMs: number): boolean {
  const { current } = sets;
  const { replicas } = deployment.spec;
  return (
    current?.spec.replicas === replicas &&
    desiredReplicasOf(current) === replicas &&
    servingPods(sets, [current], wallMs) === replicas
  );
}

function share(deployment: Deployment, active: readonly Stored<ReplicaSet>[]): RolloutAction[] {
  const { replicas } = deployment.spec;
  const allowed = replicas > 0 ? replicas + fencepostsOf(deployment).maxSurge : 0;
  const toAdd = allowed - wantedPods(active);
  if (toAdd === 0) return active.flatMap((set) => scaleTo(deployment, set, set.spec.replicas));
  const ordered = active.toSorted(toAdd > 0 ? largestThenNewest : largestThenOldest);
  const sizes = new Map<Stored<ReplicaSet>, number>();
  let added = 0;
  for (const set of ordered) {
    const portion = portionOf(deployment, set, toAdd, added);
    sizes.set(set, set.spec.replicas + portion);
    added += portion;
  }
  const first = ordered[0]!;
  sizes.set(first, Math.max(0, (sizes.get(first) ?? 0) + toAdd - added));
  return ordered.flatMap((set) => scaleTo(deployment, set, sizes.get(set) ?? 0));
}

/** The pods that one set gains or loses, never beyond what is left to give. */
function portionOf(deployment: Deployment, set: ReplicaSet, toAdd: number, added: number): number {
  const { replicas } = deployment.spec;
  if (set.spec.replicas === 0 || toAdd === added) return 0;
  const before = maxReplicasOf(set) ?? deployment.status?.replicas ?? 0;
  const after = replicas + fencepostsOf(deployment).maxSurge;
  const wanted =
    replicas === 0 ? 0 : before === 0 ? set.spec.replicas : Math.round((set.spec.replicas * after) / before);
  const portion = wanted - set.spec.replicas;
  return toAdd > 0 ? Math.min(portion, toAdd - added) : Math.max(portion, toAdd - added);
}

type Order = (a: Stored<ReplicaSet>, b: Stored<ReplicaSet>) => number;

const bySize: Order = (a, b) => b.spec.replicas - a.spec.replicas;
const byAge: Order = (a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1);
const largestThenNewest: Order = (a, b) => bySize(a, b) || byAge(b, a);
const largestThenOldest: Order = (a, b) => bySize(a, b) || byAge(a, b);
