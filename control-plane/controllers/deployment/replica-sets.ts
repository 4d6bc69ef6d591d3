/** The ReplicaSets of a Deployment, told apart: the one of the present template and those of earlier ones. */
import type { Deployment } from '#api/kinds/deployment.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { ReplicaSet } from '#api/kinds/replica-set.ts';
import { sameTemplate } from './template-hash.ts';

export interface Sets {
  readonly current: Stored<ReplicaSet> | undefined;
  /** Oldest first. */
  readonly old: readonly Stored<ReplicaSet>[];
}

/** The oldest set with the present template is the current one, as in Kubernetes. */
export function setsOf(deployment: Deployment, replicaSets: readonly Stored<ReplicaSet>[]): Sets {
  const ordered = replicaSets.toSorted(byAge);
  const current = ordered.find((set) => sameTemplate(set.spec.template, deployment.spec.template));
  return { current, old: ordered.filter((set) => set !== current) };
}

export function allOf(sets: Sets): Stored<ReplicaSet>[] {
  return sets.current === undefined ? [...sets.old] : [...sets.old, sets.current];
}

function byAge(a: Stored<ReplicaSet>, b: Stored<ReplicaSet>): number {
  const [first, second] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
  if (first !== second) return first < second ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

export function wantedPods(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + set.spec.replicas, 0);
}

export function actualPods(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + (set.status?.replicas ?? 0), 0);
}

export function readyPods(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + (set.status?.readyReplicas ?? 0), 0);
}

/**
 * Pods that serve. A set that was scaled down a moment ago still reports the old count, so no set counts for more
 * than it is asked to have: what is on its way out must not pay for taking another one down.
 */
export function availablePods(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + Math.min(set.status?.availableReplicas ?? 0, set.spec.replicas), 0);
}
