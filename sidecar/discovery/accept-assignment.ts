import { HealthStatus } from '#api/xds/gen/envoy/config/core/v3/health_check_pb.js';
import {
  EndpointSchema,
  type LbEndpoint,
  LbEndpointSchema,
  type LocalityLbEndpoints,
  LocalityLbEndpointsSchema,
} from '#api/xds/gen/envoy/config/endpoint/v3/endpoint_components_pb.js';
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from '#api/xds/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { parseWorkload, WORKLOAD_FILTER } from '#api/xds/node-metadata.ts';
import type { LocalityEndpoints } from '#sidecar/upstream/locality/locality-endpoints.ts';
import type { EndpointAddress } from '#sidecar/upstream/tracked-endpoint.ts';
import { acceptAddress } from './accept-address.ts';
import type { Place } from './refusals.ts';

/** A locality's weight counts only under locality-weighted balancing, which no cluster here has: as in Envoy. */
const LOCALITY_FIELDS = new Set(['locality', 'lb_endpoints', 'load_balancing_weight', 'metadata']);
const ENDPOINT_FIELDS = new Set(['endpoint', 'health_status', 'metadata', 'load_balancing_weight']);

/** The addresses that may be sent traffic, in the order given. */
export function acceptAssignment(assignment: ClusterLoadAssignment, place: Place): LocalityEndpoints[] {
  place.allow(ClusterLoadAssignmentSchema, assignment, new Set(['cluster_name', 'endpoints']));
  return assignment.endpoints.map((locality, i) => acceptLocality(locality, place.in(`endpoints[${i}]`)));
}

function acceptLocality(locality: LocalityLbEndpoints, place: Place): LocalityEndpoints {
  place.allow(LocalityLbEndpointsSchema, locality, LOCALITY_FIELDS);
  const { region = '', zone = '', subZone = '' } = locality.locality ?? {};
  return {
    locality: { region, zone, subZone },
    priority: locality.priority,
    weight: locality.loadBalancingWeight ?? 0,
    endpoints: locality.lbEndpoints
      .map((endpoint, i) => acceptEndpoint(endpoint, place.in(`lb_endpoints[${i}]`)))
      .filter((endpoint) => endpoint !== undefined),
  };
}

function acceptEndpoint(endpoint: LbEndpoint, place: Place): EndpointAddress | undefined {
  place.allow(LbEndpointSchema, endpoint, ENDPOINT_FIELDS);
  if ((endpoint.loadBalancingWeight ?? 1) !== 1) {
    place.in('load_balancing_weight').refuse('only 1 is supported');
  }
  if (endpoint.hostIdentifier.case !== 'endpoint') {
    place.refuse('names no endpoint');
    return undefined;
  }
  const host = endpoint.hostIdentifier.value;
  place.in('endpoint').allow(EndpointSchema, host, new Set(['address', 'hostname']));
  const where = acceptAddress(host.address, place.in('endpoint.address'));
  return mayReceive(endpoint.healthStatus)
    ? { ...where, workload: workloadOf(endpoint), weight: 1 }
    : undefined;
}

function mayReceive(health: HealthStatus): boolean {
  return health === HealthStatus.UNKNOWN || health === HealthStatus.HEALTHY;
}

function workloadOf({ metadata }: LbEndpoint): EndpointAddress['workload'] {
  const text = metadata?.filterMetadata[WORKLOAD_FILTER]?.['workload'];
  return typeof text === 'string' ? parseWorkload(text) : undefined;
}
