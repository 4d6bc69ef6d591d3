import type { Inputs } from './inputs.ts';
import { type Locality, NOWHERE } from './locality.ts';
import type { Client } from './rule-book.ts';

/** The workload behind a proxy, as far as what it gets depends on it. */
export interface MeshClient extends Client {
  readonly locality: Locality;
  /** It is who it says it is, as far as this machine can tell: it may be given its namespace's credentials. */
  readonly trusted: boolean;
}

/** Undefined for a pod that is not known (any more). */
export function clientOf(podKey: string, inputs: Inputs, trusted: boolean): MeshClient | undefined {
  const pod = inputs.pods.get(podKey);
  return (
    pod && {
      namespace: pod.namespace,
      labels: pod.labels,
      locality: inputs.workloads.localityOf(pod),
      trusted,
    }
  );
}

/** Of whom nothing but the namespace is known. */
export function clientIn(namespace: string): MeshClient {
  return { namespace, labels: {}, locality: NOWHERE, trusted: false };
}
