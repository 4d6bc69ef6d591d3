import {
  type ClusterSchema,
  Cluster_DiscoveryType as Discovery,
  Cluster_LbPolicy as LbPolicy,
  Cluster_DnsLookupFamily as LookupFamily,
} from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import type { ClusterLoadAssignment } from '#api/xds/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { OVER_ADS } from '../config-source.ts';
import { durationOf, type Init } from '../message.ts';
import type { MeshService } from '../model/mesh-service.ts';
import type { Settings } from '../model/traffic-rules.ts';

type ClusterInit = Init<typeof ClusterSchema>;
export type DiscoveryKind = 'endpoints' | 'dns' | 'original-destination';

/** Istio's `dnsRefreshRate`: how often a name is resolved again when its answer does not say. */
const DNS_REFRESH_MS = 60_000;

/** Nowhere to go: what a cluster becomes whose credentials are not there, or that has no name to resolve. */
export const UNREACHABLE: ClusterInit = { clusterDiscoveryType: type(Discovery.STATIC) };

/** How a cluster of this service comes by its endpoints. PASSTHROUGH goes where the connection was going. */
export function discoveryOf(
  { resolution }: Pick<MeshService, 'resolution'>,
  settings: Settings,
): DiscoveryKind {
  if (resolution === 'NONE' || settings.loadBalancer?.simple === 'PASSTHROUGH') return 'original-destination';
  return resolution === 'STATIC' ? 'endpoints' : 'dns';
}

/** `assignment` are the names to resolve, for DNS. */
export function discovery(
  kind: DiscoveryKind,
  { resolution }: Pick<MeshService, 'resolution'>,
  assignment: () => ClusterLoadAssignment,
): ClusterInit {
  switch (kind) {
    case 'endpoints':
      return { clusterDiscoveryType: type(Discovery.EDS), edsClusterConfig: { edsConfig: OVER_ADS } };
    case 'original-destination':
      return { clusterDiscoveryType: type(Discovery.ORIGINAL_DST), lbPolicy: LbPolicy.CLUSTER_PROVIDED };
    case 'dns':
      return resolution === 'DNS' ? named(Discovery.STRICT_DNS, assignment()) : singleName(assignment());
  }
}

function named(kind: Discovery, loadAssignment: ClusterLoadAssignment): ClusterInit {
  return {
    clusterDiscoveryType: type(kind),
    dnsLookupFamily: LookupFamily.V4_ONLY,
    dnsRefreshRate: durationOf(DNS_REFRESH_MS),
    respectDnsTtl: true,
    loadAssignment,
  };
}

/** LOGICAL_DNS takes one name: the first one, of those that a selector found. */
function singleName(assignment: ClusterLoadAssignment): ClusterInit {
  const locality = assignment.endpoints.find(({ lbEndpoints }) => lbEndpoints.length > 0);
  if (locality === undefined) return UNREACHABLE;
  const only = { ...locality, lbEndpoints: locality.lbEndpoints.slice(0, 1) };
  return named(Discovery.LOGICAL_DNS, { ...assignment, endpoints: [only] });
}

function type(value: Discovery) {
  return { case: 'type' as const, value };
}
