import { create, type JsonObject } from '@bufbuild/protobuf';
import { INBOUND_SOURCE } from '#api/mesh/ports.ts';
import {
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  ClusterSchema,
} from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import {
  BLACK_HOLE_CLUSTER,
  INBOUND_PASSTHROUGH_CLUSTER,
  inboundCluster,
  PASSTHROUGH_CLUSTER,
} from '#api/xds/names.ts';
import { type Encoded, encode } from '../encoded.ts';
import { durationOf, type Init } from '../message.ts';
import { CONNECT_TIMEOUT_MS } from './connection-pool.ts';

type ClusterInit = Init<typeof ClusterSchema>;

/** Connects to where the captured connection was going. */
function originalDestination(name: string): ClusterInit {
  return {
    name,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.ORIGINAL_DST },
    lbPolicy: Cluster_LbPolicy.CLUSTER_PROVIDED,
    connectTimeout: durationOf(CONNECT_TIMEOUT_MS),
  };
}

/** From the sidecar to its app: from an address that the redirect rules leave alone. */
const TO_THE_APP: ClusterInit = {
  upstreamBindConfig: {
    sourceAddress: { address: INBOUND_SOURCE, portSpecifier: { case: 'portValue', value: 0 } },
  },
};

/** The clusters that every sidecar has. */
export const STATIC_CLUSTERS: readonly Encoded[] = [
  originalDestination(PASSTHROUGH_CLUSTER),
  { ...originalDestination(INBOUND_PASSTHROUGH_CLUSTER), ...TO_THE_APP },
  {
    name: BLACK_HOLE_CLUSTER,
    clusterDiscoveryType: { case: 'type' as const, value: Cluster_DiscoveryType.STATIC },
    connectTimeout: durationOf(CONNECT_TIMEOUT_MS),
  },
].map((init) => encode(ClusterSchema, init.name ?? '', create(ClusterSchema, init)));

/** One port of a pod's own app, with the services that lead to it. */
export function inboundClusterOf(port: number, services: readonly JsonObject[]): Encoded {
  const name = inboundCluster(port);
  const cluster = create(ClusterSchema, {
    ...originalDestination(name),
    ...TO_THE_APP,
    metadata: { filterMetadata: { istio: { services: [...services] } } },
  });
  return encode(ClusterSchema, name, cluster);
}
