import type { JsonValue } from '@bufbuild/protobuf';
import {
  type Cluster,
  ClusterSchema,
  Cluster_DiscoveryType as DiscoveryType,
} from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import { BindConfigSchema } from '#api/xds/gen/envoy/config/core/v3/address_pb.js';
import type { Metadata } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import { parseClusterName } from '#api/xds/names.ts';
import { WORKLOAD_FILTER } from '#api/xds/node-metadata.ts';
import { DEFAULT_LIMITS } from '#sidecar/upstream/circuit-breakers.ts';
import type { ServiceIdentity } from '#sidecar/upstream/cluster.ts';
import { type ClusterPolicy, DEFAULT_CONNECTIONS } from '#sidecar/upstream/cluster-policy.ts';
import type { LocalityEndpoints } from '#sidecar/upstream/locality/locality-endpoints.ts';
import { DEFAULT_LOCALITY } from '#sidecar/upstream/locality/locality-policy.ts';
import { acceptAssignment } from './accept-assignment.ts';
import { acceptBalancer } from './accept-balancer.ts';
import { acceptConfigSource } from './accept-config-source.ts';
import { acceptDuration } from './durations.ts';
import type { Place } from './refusals.ts';

/** A Cluster resource that can be run, and where its endpoints come from. */
export type ClusterSpec =
  | { readonly kind: 'eds'; readonly policy: ClusterPolicy; readonly assignment: string }
  | {
      readonly kind: 'static';
      readonly policy: ClusterPolicy;
      readonly endpoints: readonly LocalityEndpoints[];
    }
  | { readonly kind: 'original-destination'; readonly policy: ClusterPolicy };

/** Envoy's default for Cluster.connect_timeout. */
const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;

const SUPPORTED = new Set([
  'name',
  'alt_stat_name',
  'type',
  'eds_cluster_config',
  'connect_timeout',
  'lb_policy',
  'load_balancing_policy',
  'load_assignment',
  'upstream_bind_config',
  'metadata',
]);

export function acceptCluster(cluster: Cluster, place: Place): ClusterSpec {
  place.allow(ClusterSchema, cluster, SUPPORTED);
  const policy: ClusterPolicy = {
    name: cluster.name,
    service: serviceOf(cluster),
    connectTimeoutMs:
      cluster.connectTimeout === undefined
        ? DEFAULT_CONNECT_TIMEOUT_MS
        : acceptDuration(cluster.connectTimeout, place.in('connect_timeout')),
    balancer: acceptBalancer(cluster, place),
    locality: DEFAULT_LOCALITY,
    outlier: undefined,
    limits: DEFAULT_LIMITS,
    connections: DEFAULT_CONNECTIONS,
    localAddress: acceptBind(cluster, place.in('upstream_bind_config')),
  };
  const type = cluster.clusterDiscoveryType.case === 'type' ? cluster.clusterDiscoveryType.value : undefined;
  switch (type) {
    case DiscoveryType.EDS:
      return { kind: 'eds', policy, assignment: acceptEds(cluster, place.in('eds_cluster_config')) };
    case DiscoveryType.STATIC:
      return { kind: 'static', policy, endpoints: acceptStatic(cluster, place.in('load_assignment')) };
    case DiscoveryType.ORIGINAL_DST:
      return { kind: 'original-destination', policy };
  }
  place.in('type').refuse(`${type === undefined ? 'a custom type' : DiscoveryType[type]} is not supported`);
  return { kind: 'original-destination', policy };
}

function acceptEds(cluster: Cluster, place: Place): string {
  acceptConfigSource(cluster.edsClusterConfig?.edsConfig, place.in('eds_config'));
  return cluster.edsClusterConfig?.serviceName || cluster.name;
}

function acceptStatic(cluster: Cluster, place: Place): readonly LocalityEndpoints[] {
  return cluster.loadAssignment === undefined ? [] : acceptAssignment(cluster.loadAssignment, place);
}

function acceptBind(cluster: Cluster, place: Place): string | undefined {
  const bind = cluster.upstreamBindConfig;
  if (bind === undefined) return undefined;
  place.allow(BindConfigSchema, bind, new Set(['source_address']));
  const port = bind.sourceAddress?.portSpecifier;
  if (port?.case === 'portValue' && port.value !== 0) {
    place.in('source_address.port_value').refuse('only port 0 is supported');
  }
  return bind.sourceAddress?.address;
}

/** Istio's metadata of a cluster, else what its name says. */
function serviceOf({ metadata, name }: Cluster): ServiceIdentity {
  const told = istioService(metadata);
  if (told !== undefined) return told;
  const host = parseClusterName(name)?.host;
  if (host === undefined || host === '') return { host: 'unknown', name, namespace: 'unknown' };
  const [service = host, namespace = 'unknown'] = host.split('.');
  return { host, name: service, namespace };
}

function istioService(metadata: Metadata | undefined): ServiceIdentity | undefined {
  const services = metadata?.filterMetadata[WORKLOAD_FILTER]?.['services'];
  const first = Array.isArray(services) ? services[0] : undefined;
  if (first === null || typeof first !== 'object' || Array.isArray(first)) return undefined;
  return { host: text(first['host']), name: text(first['name']), namespace: text(first['namespace']) };
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : 'unknown';
}
