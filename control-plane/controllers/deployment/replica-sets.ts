/** The ReplicaSets of a Deployment, told apart: the one of the present template and those of earlier ones. */
import type { Deployment } from '#api/kinds/deployment.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import type { ReplicaSet } from '#api/kinds/replica-set.ts';
import { controllerOf } from '../ownership/owner.ts';
import { availableInMs, isActive } from '../pods.ts';
import { sameTemplate } from './template-hash.ts';

export interface Sets {
  readonly current: Stored<ReplicaSet> | undefined;
  /** Oldest first. */
  readonly old: readonly Stored<ReplicaSet>[];
  /** The pods of all sets. */
  readonly pods: readonly Stored<Pod>[];
}

/** The oldest set with the present template is the current one, as in Kubernetes. */
export function setsOf(
  deployment: Deployment,
  replicaSets: readonly Stored<ReplicaSet>[],
  pods: readonly Stored<Pod>[],
): Sets {
  const ordered = replicaSets.toSorted(byAge);
  const current = ordered.find((set) => sameTemplate(set.spec.template, deployment.spec.template));
  return { current, old: ordered.filter((set) => set !== current), pods };
}

export function allOf(sets: Sets): Stored<ReplicaSet>[] {
  return sets.current === undefined ? [...sets.old] : [...sets.old, sets.current];
}

function byAge(a: Stored<ReplicaSet>, b: Stored<ReplicaSet>): number {
  const [first, second] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
  if (first !== second) return first < second ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

/** What the sets are asked to have. */
export function wantedPods(sets: readonly ReplicaSet[]): number {
  return sum(sets, (set) => set.spec.replicas);
}

/**
 * Pods that there are or will be: a set that was scaled down a moment ago may not have deleted any yet, and until it has
 * nobody else may use their room. (Kubernetes counts what is wanted only, and so surges higher for a moment.)
 */
export function occupiedPods(sets: Sets): number {
  return sum(allOf(sets), (set) => Math.max(set.spec.replicas, podsOf(sets, set).length));
}

/**
 * Pods of `some` sets that serve, counted from the pods themselves: the count that a set reports may be from before it
 * was scaled, and a decision on it would take away more than may go. No set counts for more than it is asked to have,
 * since the rest is on its way out.
 */
export function servingPods(sets: Sets, some: readonly Stored<ReplicaSet>[], wallMs: number): number {
  return sum(some, (set) => {
    const { minReadySeconds, replicas } = set.spec;
    const serving = podsOf(sets, set).filter((pod) => availableInMs(pod, minReadySeconds, wallMs) === 0);
    return Math.min(serving.length, replicas);
  });
}

function podsOf(sets: Sets, set: Stored<ReplicaSet>): Stored<Pod>[] {
  return sets.pods.filter((pod) => controllerOf(pod)?.uid === set.metadata.uid && isActive(pod));
}

/** What the sets report to have. */
export function actualPods(sets: readonly ReplicaSet[]): number {
  return sum(sets, (set) => set.status?.replicas ?? 0);
}

export function readyPods(sets: readonly ReplicaSet[]): number {
  return sum(sets, (set) => set.status?.readyReplicas ?? 0);
}

export function availablePods(sets: readonly ReplicaSet[]): number {
  return sum(sets, (set) => set.status?.availableReplicas ?? 0);
}

function sum<T>(values: readonly T[], count: (value: T) => number): number {
  return values.reduce((total, value) => total + count(value), 0);
}
