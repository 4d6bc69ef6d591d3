import { create } from '@bufbuild/protobuf';
import type { SidecarConfig } from '#api/mesh/sidecar-config.ts';
import { type Node, NodeSchema } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import { sidecarNodeId, toMetadata } from '#api/xds/node-metadata.ts';

/** Who this sidecar is, for the first request of a stream. */
export function nodeOf(config: SidecarConfig): Node {
  return create(NodeSchema, {
    id: sidecarNodeId(config.pod, config.namespace, config.podIp, config.clusterDomain, config.role),
    cluster: `${config.labels['app'] ?? config.workload}.${config.namespace}`,
    userAgentName: 'weft',
    metadata: toMetadata({
      NAME: config.pod,
      NAMESPACE: config.namespace,
      WORKLOAD_NAME: config.workload,
      SERVICE_ACCOUNT: config.serviceAccount,
      CLUSTER_ID: config.clusterId,
      INSTANCE_IPS: config.podIp,
      LABELS: config.labels,
      ...(config.version === undefined ? {} : { ISTIO_VERSION: config.version }),
    }),
  });
}
