import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import type { ReplicaSet } from '#api/kinds/replica-set.ts';
import { carries } from '#api/kinds/selectors.ts';
import { availableInMs, isActive, isPodReady } from '../pods.ts';
import { deletionOrder } from './pod-ranking.ts';

export type ReplicaSetStatus = NonNullable<ReplicaSet['status']>;

export interface ReplicaPlan {
  /** Pods to make. */
  readonly create: number;
  /** Pods to delete, in this order. */
  readonly remove: readonly Stored<Pod>[];
  /** The counts as the given pods make them; conditions are as before. */
  readonly status: ReplicaSetStatus;
  /** When the next ready pod becomes available by age alone, milliseconds from now. */
  readonly againMs: number | undefined;
}

/** Kubernetes' BurstReplicas: one round makes or deletes at most this many pods. */
const BURST = 500;

/** What brings the pods that belong to a ReplicaSet to its replica count. `pods` are all that it owns. */
export function planReplicas(
  replicaSet: Stored<ReplicaSet>,
  pods: readonly Stored<Pod>[],
  nowMs: number,
): ReplicaPlan {
  const active = pods.filter(isActive);
  const missing = replicaSet.spec.replicas - active.length;
  const left = replicaSet.metadata.deletionTimestamp !== undefined;
  const waits = active
    .map((pod) => availableInMs(pod, replicaSet.spec.minReadySeconds, nowMs))
    .filter((waitMs) => waitMs !== undefined && waitMs > 0) as number[];
  return {
    create: left ? 0 : Math.min(Math.max(0, missing), BURST),
    remove: left ? [] : deletionOrder(active).slice(0, Math.min(Math.max(0, -missing), BURST)),
    status: countStatus(replicaSet, active, nowMs),
    againMs: waits.length === 0 ? undefined : Math.min(...waits),
  };
}

function countStatus(
  replicaSet: Stored<ReplicaSet>,
  active: readonly Stored<Pod>[],
  nowMs: number,
): ReplicaSetStatus {
  const { template, minReadySeconds } = replicaSet.spec;
  const labels = template.metadata?.labels ?? {};
  const count = (test: (pod: Stored<Pod>) => boolean): number => active.filter(test).length;
  return {
    ...replicaSet.status,
    replicas: active.length,
    fullyLabeledReplicas: count((pod) => carries(pod.metadata.labels ?? {}, labels)),
    readyReplicas: count(isPodReady),
    availableReplicas: count((pod) => availableInMs(pod, minReadySeconds, nowMs) === 0),
    observedGeneration: replicaSet.metadata.generation ?? 0,
  };
}
