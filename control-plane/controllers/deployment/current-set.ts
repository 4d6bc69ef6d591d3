import { type Deployment, Deployment as DeploymentKind } from '#api/kinds/deployment.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { ReplicaSet } from '#api/kinds/replica-set.ts';
import { controllerReference } from '../ownership/owner.ts';
import { same } from '../same.ts';
import type { RolloutAction } from './actions.ts';
import { fencepostsOf } from './fenceposts.ts';
import { occupiedPods, type Sets } from './replica-sets.ts';
import { revisionAnnotations, revisionOf, scaleAnnotations } from './revision.ts';
import { currentName, TEMPLATE_HASH_LABEL, templateHash } from './template-hash.ts';

/** The revision that the present template has: one more than any other. */
export function nextRevision(sets: Sets): number {
  return Math.max(0, ...sets.old.map(revisionOf)) + 1;
}

/**
 * How many pods the newest set should have next in a rolling update: what fits under the surge limit, at most the
 * whole (Kubernetes' NewRSNewReplicas).
 */
export function nextReplicas(deployment: Deployment, sets: Sets): number {
  const { replicas, strategy } = deployment.spec;
  if (strategy.type === 'Recreate') return replicas;
  const held = sets.current?.spec.replicas ?? 0;
  const room = replicas + fencepostsOf(deployment).maxSurge - occupiedPods(sets);
  return room <= 0 ? held : Math.min(held + room, replicas);
}

/** Makes the set of the present template. */
export function createCurrent(deployment: Stored<Deployment>, sets: Sets): RolloutAction {
  const { template, selector, minReadySeconds } = deployment.spec;
  const hash = templateHash(template, deployment.status?.collisionCount ?? 0);
  const labels = { ...template.metadata?.labels, [TEMPLATE_HASH_LABEL]: hash };
  const replicaSet: ReplicaSet = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: currentName(deployment),
      namespace: deployment.metadata.namespace,
      labels,
      annotations: {
        ...revisionAnnotations(deployment, undefined, nextRevision(sets)),
        ...scaleAnnotations(deployment),
      },
      ownerReferences: [controllerReference(DeploymentKind, deployment)],
    },
    spec: {
      replicas: nextReplicas(deployment, sets),
      minReadySeconds,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [TEMPLATE_HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
  return { type: 'create', replicaSet };
}

/** Keeps revision, inherited annotations and minReadySeconds of the newest set up to date. */
export function annotateCurrent(deployment: Deployment, sets: Sets): RolloutAction[] {
  const replicaSet = sets.current;
  if (replicaSet === undefined) return [];
  const { minReadySeconds } = deployment.spec;
  const annotations = revisionAnnotations(deployment, replicaSet, nextRevision(sets));
  const unchanged =
    same(annotations, replicaSet.metadata.annotations) && replicaSet.spec.minReadySeconds === minReadySeconds;
  return unchanged ? [] : [{ type: 'annotate', replicaSet, annotations, minReadySeconds }];
}
