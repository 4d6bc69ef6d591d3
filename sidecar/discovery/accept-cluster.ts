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
import type { ServiceIdentity } from '#sidecar/upstream/cluster.ts';
import type { ClusterPolicy } from '#sidecar/upstream/cluster-policy.ts';
import { type Assignment, acceptAssignment, NO_ENDPOINTS } from './accept-assignment.ts';
import { acceptBalancer } from './accept-balancer.ts';
import { acceptConfigSource } from './accept-config-source.ts';
import { acceptConnections } from './accept-connections.ts';
import type { ReadFile } from './accept-data-source.ts';
import { acceptDns, DNS_FIELDS } from './accept-dns.ts';
import { acceptLimits } from './accept-limits.ts';
import { acceptLocalityPolicy } from './accept-locality-policy.ts';
import { acceptOutlier } from './accept-outlier.ts';
import type { DnsPlan } from './dns/dns-endpoints.ts';
import { acceptDuration } from './durations.ts';
import type { Place } from './refusals.ts';

/** A Cluster resource that can be run, and where its endpoints come from. */
export type ClusterSpec = { readonly policy: ClusterPolicy } & (
  | { readonly kind: 'eds'; readonly assignment: string }
  | { readonly kind: 'static'; readonly assignment: Assignment }
  | { readonly kind: 'dns'; readonly plan: DnsPlan }
  | { readonly kind: 'original-destination' }
);

/** Envoy's default for Cluster.connect_timeout. */
const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;

const SUPPORTED: ReadonlySet<string> = new Set([
  'name',
  'alt_stat_name',
  'type',
  'eds_cluster_config',
  'connect_timeout',
  'lb_policy',
  'load_balancing_policy',
  'round_robin_lb_config',
  'least_request_lb_config',
  'ring_hash_lb_config',
  'maglev_lb_config',
  'common_lb_config',
  'load_assignment',
  'circuit_breakers',
  'outlier_detection',
  'upstream_bind_config',
  'upstream_connection_options',
  'typed_extension_protocol_options',
  'transport_socket',
  'metadata',
]);

const SUPPORTED_WITH_DNS: ReadonlySet<string> = new Set([...SUPPORTED, ...DNS_FIELDS]);

export function acceptCluster(cluster: Cluster, readFile: ReadFile, place: Place): ClusterSpec {
  const type = cluster.clusterDiscoveryType.case === 'type' ? cluster.clusterDiscoveryType.value : undefined;
  const isNamed = type === DiscoveryType.STRICT_DNS || type === DiscoveryType.LOGICAL_DNS;
  place.allow(ClusterSchema, cluster, isNamed ? SUPPORTED_WITH_DNS : SUPPORTED);
  const policy = acceptPolicy(cluster, readFile, place);
  switch (type) {
    case DiscoveryType.EDS:
      return { kind: 'eds', policy, assignment: acceptEds(cluster, place.in('eds_cluster_config')) };
    case DiscoveryType.STATIC:
      return { kind: 'static', policy, assignment: acceptStatic(cluster, place.in('load_assignment')) };
    case DiscoveryType.STRICT_DNS:
      return { kind: 'dns', policy, plan: acceptDns(cluster, 'strict', place) };
    case DiscoveryType.LOGICAL_DNS:
      return { kind: 'dns', policy, plan: acceptDns(cluster, 'logical', place) };
    case DiscoveryType.ORIGINAL_DST:
      return { kind: 'original-destination', policy };
  }
  place.in('type').refuse('a custom type is not supported');
  return { kind: 'original-destination', policy };
}

function acceptPolicy(cluster: Cluster, readFile: ReadFile, place: Place): ClusterPolicy {
  return {
    name: cluster.name,
    service: serviceOf(cluster),
    connectTimeoutMs:
      cluster.connectTimeout === undefined
        ? DEFAULT_CONNECT_TIMEOUT_MS
        : acceptDuration(cluster.connectTimeout, place.in('connect_timeout')),
    balancer: acceptBalancer(cluster, place),
    locality: acceptLocalityPolicy(cluster.commonLbConfig, place.in('common_lb_config')),
    outlier: acceptOutlier(cluster.outlierDetection, place.in('outlier_detection')),
    limits: acceptLimits(cluster.circuitBreakers, place.in('circuit_breakers')),
    connections: acceptConnections(cluster, readFile, place),
    localAddress: acceptBind(cluster, place.in('upstream_bind_config')),
  };
}

function acceptEds(cluster: Cluster, place: Place): string {
  acceptConfigSource(cluster.edsClusterConfig?.edsConfig, place.in('eds_config'));
  return cluster.edsClusterConfig?.serviceName || cluster.name;
}

function acceptStatic(cluster: Cluster, place: Place): Assignment {
  return cluster.loadAssignment === undefined
    ? NO_ENDPOINTS
    : acceptAssignment(cluster.loadAssignment, place);
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
