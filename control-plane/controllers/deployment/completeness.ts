import type { Deployment } from '#api/kinds/deployment.ts';

export type DeploymentStatus = NonNullable<Deployment['status']>;

/** Rolled out whole: every pod is of the present template and serves, and no other is left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const { replicas } = deployment.spec;
  return (
    status.updatedReplicas === replicas &&
    status.replicas === replicas &&
    status.availableReplicas === replicas &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}
