import type { SidecarConfig } from '#api/mesh/sidecar-config.ts';
import { nodeOf } from '#sidecar/discovery/node.ts';
import { workloadOf } from '#sidecar/telemetry/workload-labels.ts';

/** Who this proxy is, for spans. */
export interface ProxyIdentity {
  /** `sidecar~IP~POD.NAMESPACE~NAMESPACE.svc.DOMAIN` */
  readonly nodeId: string;
  readonly pod: string;
  readonly namespace: string;
  readonly canonicalRevision: string;
}

export function proxyIdentityOf(config: SidecarConfig): ProxyIdentity {
  const { pod, namespace, workload, clusterId, labels } = config;
  const { canonicalRevision } = workloadOf({ workload, namespace, cluster: clusterId }, labels);
  return { nodeId: nodeOf(config).id, pod, namespace, canonicalRevision };
}
