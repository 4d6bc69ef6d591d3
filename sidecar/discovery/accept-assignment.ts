import type { JsonObject } from '@bufbuild/protobuf';
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
  ClusterLoadAssignment_PolicySchema,
  ClusterLoadAssignmentSchema,
} from '#api/xds/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { parseWorkload, WORKLOAD_FILTER } from '#api/xds/node-metadata.ts';
import type { LocalityEndpoints } from '#sidecar/upstream/locality/locality-endpoints.ts';
import { DEFAULT_LOCALITY } from '#sidecar/upstream/locality/locality-policy.ts';
import type { EndpointAddress } from '#sidecar/upstream/tracked-endpoint.ts';
import { acceptAddress, acceptHost, type SocketAddress } from './accept-address.ts';
import type { Place } from './refusals.ts';

/** A ClusterLoadAssignment that can be used. */
export interface Assignment {
  readonly localities: readonly LocalityEndpoints[];
  /** Percent; Envoy's default is 140. */
  readonly overprovisioningFactor: number;
}

/** Where nothing is known, or nothing there. */
export const NO_ENDPOINTS: Assignment = {
  localities: [],
  overprovisioningFactor: DEFAULT_LOCALITY.overprovisioningFactor,
};

/** What an endpoint's host may be: an address, or for clusters that resolve a name as well. */
export type HostKind = 'address' | 'name';

const ASSIGNMENT_FIELDS = new Set(['cluster_name', 'endpoints', 'policy']);
const LOCALITY_FIELDS = new Set([
  'locality',
  'lb_endpoints',
  'load_balancing_weight',
  'priority',
  'metadata',
]);
const ENDPOINT_FIELDS = new Set(['endpoint', 'health_status', 'metadata', 'load_balancing_weight']);
/** Envoy's limit. */
const MAX_PRIORITY = 128;

/** The endpoints that may be sent traffic, in the order given. */
export function acceptAssignment(
  assignment: ClusterLoadAssignment,
  place: Place,
  hosts: HostKind = 'address',
): Assignment {
  place.allow(ClusterLoadAssignmentSchema, assignment, ASSIGNMENT_FIELDS);
  const { policy } = assignment;
  const here = place.in('policy');
  if (policy !== undefined) {
    here.allow(ClusterLoadAssignment_PolicySchema, policy, new Set(['overprovisioning_factor']));
  }
  const { overprovisioningFactor } = DEFAULT_LOCALITY;
  const factor = policy?.overprovisioningFactor ?? overprovisioningFactor;
  if (factor < 100) here.in('overprovisioning_factor').refuse('must be at least 100');
  return {
    localities: assignment.endpoints.map((locality, i) =>
      acceptLocality(locality, hosts, place.in(`endpoints[${i}]`)),
    ),
    overprovisioningFactor: factor,
  };
}

function acceptLocality(told: LocalityLbEndpoints, hosts: HostKind, place: Place): LocalityEndpoints {
  place.allow(LocalityLbEndpointsSchema, told, LOCALITY_FIELDS);
  if (told.priority > MAX_PRIORITY) place.in('priority').refuse(`must be at most ${MAX_PRIORITY}`);
  const { region = '', zone = '', subZone = '' } = told.locality ?? {};
  return {
    locality: { region, zone, subZone },
    priority: told.priority,
    weight: told.loadBalancingWeight ?? 0,
    endpoints: told.lbEndpoints
      .map((endpoint, i) => acceptEndpoint(endpoint, hosts, place.in(`lb_endpoints[${i}]`)))
      .filter((endpoint) => endpoint !== undefined),
  };
}

function acceptEndpoint(told: LbEndpoint, hosts: HostKind, place: Place): EndpointAddress | undefined {
  place.allow(LbEndpointSchema, told, ENDPOINT_FIELDS);
  const weight = told.loadBalancingWeight ?? 1;
  if (weight < 1) place.in('load_balancing_weight').refuse('must be at least 1');
  if (told.hostIdentifier.case !== 'endpoint') {
    place.refuse('names no endpoint');
    return undefined;
  }
  const where = acceptWhere(told.hostIdentifier.value, hosts, place.in('endpoint'));
  return mayReceive(told.healthStatus) ? { ...where, weight, workload: workloadOf(told) } : undefined;
}

function acceptWhere(
  host: Extract<LbEndpoint['hostIdentifier'], { case: 'endpoint' }>['value'],
  hosts: HostKind,
  place: Place,
): SocketAddress {
  place.allow(EndpointSchema, host, new Set(['address', 'hostname']));
  const here = place.in('address');
  return hosts === 'name' ? acceptHost(host.address, here) : acceptAddress(host.address, here);
}

function mayReceive(health: HealthStatus): boolean {
  return health === HealthStatus.UNKNOWN || health === HealthStatus.HEALTHY;
}

function workloadOf({ metadata }: LbEndpoint): EndpointAddress['workload'] {
  const filter: JsonObject | undefined = metadata?.filterMetadata[WORKLOAD_FILTER];
  const text = filter?.['workload'];
  return typeof text === 'string' ? parseWorkload(text) : undefined;
}
