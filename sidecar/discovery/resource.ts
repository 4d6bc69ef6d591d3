import { fromBinary } from '@bufbuild/protobuf';
import { ClusterSchema } from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from '#api/xds/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { ListenerSchema } from '#api/xds/gen/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from '#api/xds/gen/envoy/config/route/v3/route_pb.js';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  type ResourceType,
  ROUTE_TYPE,
} from '#api/xds/resource-types.ts';
import type { RouteContext } from '#sidecar/routing/compile-action.ts';
import { compileRouteTable } from '#sidecar/routing/compile-route-table.ts';
import { type Assignment, acceptAssignment } from './accept-assignment.ts';
import { acceptCluster, type ClusterSpec } from './accept-cluster.ts';
import type { ReadFile } from './accept-data-source.ts';
import { acceptListener } from './accept-listener.ts';
import type { ListenerSpec } from './listener-spec.ts';
import type { RouteSpec } from './live-routes.ts';
import { type Accepted, accept, type Place } from './refusals.ts';

/** A resource as it came. */
export interface Resource {
  readonly name: string;
  readonly version: string;
  /** The message inside the `Any`. */
  readonly bytes: Uint8Array;
}

/** A resource as it can be run. */
export type Runnable =
  | { readonly kind: 'cluster'; readonly spec: ClusterSpec }
  | { readonly kind: 'listener'; readonly spec: ListenerSpec }
  | { readonly kind: 'routes'; readonly spec: RouteSpec }
  | { readonly kind: 'assignment'; readonly assignment: Assignment };

/** What resources are read with. */
export interface Context extends Omit<RouteContext, 'clusterNames'> {
  /** For certificates that are named by file. */
  readonly readFile: ReadFile;
}

/** Decodes and compiles a resource, or says everything that keeps it from being run. */
export function acceptResource(type: ResourceType, resource: Resource, context: Context): Accepted<Runnable> {
  return accept((place) => READERS[type](resource, context, place));
}

type Reader = (resource: Resource, context: Context, place: Place) => Runnable;

const READERS: Readonly<Record<ResourceType, Reader>> = {
  [CLUSTER_TYPE]({ name, bytes }, { readFile }, place) {
    const cluster = fromBinary(ClusterSchema, bytes);
    mustAgree(name, cluster.name, place);
    return { kind: 'cluster', spec: acceptCluster(cluster, readFile, place) };
  },
  [ENDPOINT_TYPE]({ name, bytes }, _context, place) {
    const assignment = fromBinary(ClusterLoadAssignmentSchema, bytes);
    mustAgree(name, assignment.clusterName, place);
    return { kind: 'assignment', assignment: acceptAssignment(assignment, place) };
  },
  [LISTENER_TYPE]({ name, bytes }, context, place) {
    const listener = fromBinary(ListenerSchema, bytes);
    mustAgree(name, listener.name, place);
    const spec = acceptListener(listener, { ...context, clusterNames: new Set() }, place);
    return { kind: 'listener', spec };
  },
  [ROUTE_TYPE]({ name, bytes }, context, place) {
    const config = fromBinary(RouteConfigurationSchema, bytes);
    mustAgree(name, config.name, place);
    const clusterNames = new Set<string>();
    const table = compileRouteTable(config, { ...context, clusterNames }, place);
    return { kind: 'routes', spec: { table, clusterNames } };
  },
};

function mustAgree(envelope: string, inside: string, place: Place): void {
  if (envelope !== inside) place.refuse(`the resource is named "${envelope}", its message "${inside}"`);
}
