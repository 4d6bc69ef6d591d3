import { create, type JsonObject } from '@bufbuild/protobuf';
import { parseDuration } from '#api/foundation/duration.ts';
import type { TrafficPolicy } from '#api/kinds/traffic-policy.ts';
import {
  type Cluster,
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  ClusterSchema,
} from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import { outboundCluster } from '#api/xds/names.ts';
import { OVER_ADS } from '../config-source.ts';
import { durationOf } from '../message.ts';
import type { MeshPort, MeshService } from '../model/mesh-service.ts';
import { loadBalancing } from './load-balancing.ts';

/** Istio's default for `connectionPool.tcp.connectTimeout`. */
export const CONNECT_TIMEOUT_MS = 10_000;

/** The endpoints of a service's port, or of a subset of them (`subset` '' is all), over EDS. */
export function outboundClusterOf(
  service: MeshService,
  port: MeshPort,
  subset: string,
  policy: TrafficPolicy,
): Cluster {
  return create(ClusterSchema, {
    ...edsCluster(service, port, subset, policy),
    metadata: {
      filterMetadata: {
        istio: {
          services: [serviceMetadata(service)],
          default_original_port: port.number,
          ...(subset === '' ? {} : { subset }),
        },
      },
    },
    ...loadBalancing(policy),
  });
}

/** gRPC clients without a sidecar refuse policies that they do not know: everybody knows ROUND_ROBIN. */
export function proxylessCluster(
  service: MeshService,
  port: MeshPort,
  subset: string,
  policy: TrafficPolicy,
): Cluster {
  return create(ClusterSchema, {
    ...edsCluster(service, port, subset, policy),
    lbPolicy: Cluster_LbPolicy.ROUND_ROBIN,
  });
}

/** Istio's words for the service behind a cluster; metrics name it. */
export function serviceMetadata(service: MeshService): JsonObject {
  return { host: service.host, name: service.name, namespace: service.namespace };
}

function edsCluster(service: MeshService, port: MeshPort, subset: string, policy: TrafficPolicy) {
  const connectTimeout = policy.connectionPool?.tcp?.connectTimeout;
  return {
    name: outboundCluster(port.number, subset, service.host),
    clusterDiscoveryType: { case: 'type' as const, value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: OVER_ADS },
    connectTimeout: durationOf(parseDuration(connectTimeout ?? '') ?? CONNECT_TIMEOUT_MS),
  };
}
