import { create, type JsonObject } from '@bufbuild/protobuf';
import {
  type Cluster,
  Cluster_LbPolicy,
  ClusterSchema,
} from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import type { ClusterLoadAssignment } from '#api/xds/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { outboundCluster } from '#api/xds/names.ts';
import type { Credentials } from '../model/credentials.ts';
import type { MeshPort, MeshService } from '../model/mesh-service.ts';
import type { Settings } from '../model/traffic-rules.ts';
import { circuitBreakers } from './circuit-breakers.ts';
import { clientTls } from './client-tls.ts';
import { connectionPool } from './connection-pool.ts';
import { discovery, discoveryOf, UNREACHABLE } from './discovery.ts';
import { loadBalancing } from './load-balancing.ts';
import { commonLbConfig } from './locality-weights.ts';
import { outlierDetection } from './outlier-detection.ts';

export interface ClusterParts {
  readonly service: MeshService;
  readonly port: MeshPort;
  /** '' for all of the service's endpoints. */
  readonly subset: string;
  readonly settings: Settings;
  /** Names to resolve, for services that are found by DNS. */
  readonly assignment: () => ClusterLoadAssignment;
  readonly credentials: Credentials;
}

/** The endpoints of a service's port, or of a subset of them, and how they are used. */
export function outboundClusterOf(parts: ClusterParts): Cluster {
  const { service, port, subset, settings } = parts;
  const tls = clientTls(settings.tls, service, parts.credentials);
  const kind = discoveryOf(service, settings);
  const ejects = settings.outlierDetection;
  return create(ClusterSchema, {
    name: outboundCluster(port.number, subset, service.host),
    metadata: metadataOf(service, port, subset),
    ...(kind === 'original-destination' ? {} : loadBalancing(settings.loadBalancer)),
    ...connectionPool(settings.connectionPool),
    circuitBreakers: circuitBreakers(settings.connectionPool, settings.retryBudget),
    ...(ejects === undefined ? {} : { outlierDetection: outlierDetection(ejects) }),
    ...commonLbConfig(settings),
    ...(tls === undefined ? UNREACHABLE : { ...discovery(kind, service, parts.assignment), ...tls }),
  });
}

/** gRPC clients without a sidecar refuse policies that they do not know: everybody knows ROUND_ROBIN. */
export function proxylessCluster({
  service,
  port,
  subset,
  settings,
  assignment,
}: Omit<ClusterParts, 'credentials'>): Cluster {
  const { connectTimeout } = connectionPool(settings.connectionPool);
  return create(ClusterSchema, {
    name: outboundCluster(port.number, subset, service.host),
    ...(connectTimeout === undefined ? {} : { connectTimeout }),
    ...discovery(discoveryOf(service, settings), service, assignment),
    lbPolicy: Cluster_LbPolicy.ROUND_ROBIN,
  });
}

function metadataOf(service: MeshService, port: MeshPort, subset: string) {
  const istio = {
    services: [serviceMetadata(service)],
    default_original_port: port.number,
    ...(subset === '' ? {} : { subset }),
  };
  return { filterMetadata: { istio } };
}

/** Istio's words for the service behind a cluster; metrics name it. */
export function serviceMetadata(service: MeshService): JsonObject {
  return { host: service.host, name: service.name, namespace: service.namespace };
}
