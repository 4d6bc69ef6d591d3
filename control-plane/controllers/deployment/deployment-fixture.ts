/** Objects for the tests of rollouts, as the server would have stored them. */
import { type Deployment, DeploymentSchema } from '#api/kinds/deployment.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { type ReplicaSet, ReplicaSetSchema } from '#api/kinds/replica-set.ts';

export const NOW = 1_700_000_000_000;

export function deploymentOf(
  spec: Record<string, unknown>,
  more: { image?: string; status?: Deployment['status']; metadata?: Record<string, unknown> } = {},
): Stored<Deployment> {
  const labels = { app: 'web' };
  return DeploymentSchema.parse({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'web',
      namespace: 'default',
      uid: 'deployment',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: new Date(NOW).toISOString(),
      ...more.metadata,
    },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: more.image ?? 'v1' }] } },
      ...spec,
    },
    ...(more.status === undefined ? {} : { status: more.status }),
  }) as Stored<Deployment>;
}

export interface SetShape {
  readonly image: string;
  readonly replicas: number;
  readonly available?: number;
  /** Pods that it has; `replicas` when absent. */
  readonly pods?: number;
  readonly revision?: number;
  readonly annotations?: Record<string, string>;
  readonly ageS?: number;
}

export function setOf(shape: SetShape): Stored<ReplicaSet> {
  const labels = { app: 'web', 'pod-template-hash': shape.image };
  const available = shape.available ?? shape.replicas;
  return ReplicaSetSchema.parse({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `web-${shape.image}`,
      namespace: 'default',
      uid: `set-${shape.image}`,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: new Date(NOW - (shape.ageS ?? 0) * 1000).toISOString(),
      annotations: { 'deployment.kubernetes.io/revision': String(shape.revision ?? 1), ...shape.annotations },
    },
    spec: {
      replicas: shape.replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: shape.image }] } },
    },
    status: {
      replicas: shape.pods ?? shape.replicas,
      readyReplicas: available,
      availableReplicas: available,
      observedGeneration: 1,
    },
  }) as Stored<ReplicaSet>;
}

export function podOf(set: Stored<ReplicaSet>, name: string, more: Partial<Stored<Pod>> = {}): Stored<Pod> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    spec: set.spec.template.spec,
    ...more,
    metadata: {
      name,
      namespace: 'default',
      uid: `pod-${name}`,
      resourceVersion: '1',
      creationTimestamp: set.metadata.creationTimestamp,
      labels: set.spec.template.metadata?.labels ?? {},
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: set.metadata.name,
          uid: set.metadata.uid,
          controller: true,
        },
      ],
      ...more.metadata,
    },
  };
}
