import type { SidecarConfig } from '#api/mesh/sidecar-config.ts';
import { nodeOf } from '#sidecar/discovery/node.ts';
import { workloadOf } from '#sidecar/telemetry/workload-labels.ts';

/** Who this proxy is, in Istio's words for spans. */
export interface ProxyIdentity {
  /** `sidecar~IP~POD.NAMESPACE~NAMESPACE.svc.DOMAIN` */
  readonly nodeId: string;
  readonly pod: string;
  readonly namespace: string;
  readonly canonicalName: string;
  readonly canonicalRevision: string;
  readonly clusterId: string;
  readonly meshId: string;
}

export function proxyIdentityOf(config: SidecarConfig): ProxyIdentity {
  const { pod, namespace, workload, clusterId, labels } = config;
  const { canonicalName, canonicalRevision } = workloadOf(
    { workload, namespace, cluster: clusterId },
    labels,
  );
  return {
    nodeId: nodeOf(config).id,
    pod,
    namespace,
    canonicalName,
    canonicalRevision,
    clusterId,
    /** As in Istio where no mesh has been given an id: that of its trust domain. */
    meshId: config.clusterDomain,
  };
}
