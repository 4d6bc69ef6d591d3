import type { Stored } from '#api/kinds/meta.ts';
import type { Labels } from '#api/kinds/selectors.ts';
import type { VirtualService } from '#api/kinds/virtual-service.ts';
import { ClusterSchema } from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import { outboundCluster } from '#api/xds/names.ts';
import { outboundClusterOf } from './clusters/outbound-cluster.ts';
import { type Encoded, encode } from './encoded.ts';
import { loadAssignment, targetsOf } from './endpoints/load-assignment.ts';
import { detectedRoutesName, serviceListener } from './listeners/outbound-listeners.ts';
import type { MeshPort, MeshService } from './model/mesh-service.ts';
import type { PodFacts } from './model/pod-facts.ts';
import type { Slice } from './model/slice.ts';
import type { TrafficRules } from './model/traffic-rules.ts';
import { serviceDomains } from './routes/domains.ts';
import {
  type EncodedVirtualHost,
  encodeVirtualHost,
  routeConfiguration,
} from './routes/route-configuration.ts';
import { type RouteScope, virtualHost } from './routes/virtual-host.ts';

/** A service's part in the route configuration of one HTTP port. */
export interface ServiceRoutes {
  readonly namespace: string;
  /** As sidecars of other namespaces see it. */
  readonly far: EncodedVirtualHost;
  /** With its bare name. */
  readonly near: EncodedVirtualHost;
}

/** Everything that one service adds to the mesh, but for its endpoints. */
export interface ServiceResources {
  readonly clusters: readonly Encoded[];
  readonly listeners: readonly Encoded[];
  /** Whole route configurations of its detected ports. */
  readonly routes: readonly Encoded[];
  /** By port number: what it adds to the shared route configurations. */
  readonly http: ReadonlyMap<number, ServiceRoutes>;
}

export function serviceResources(
  service: MeshService,
  rules: TrafficRules,
  route: Stored<VirtualService> | undefined,
  scope: RouteScope,
): ServiceResources {
  const { ports } = service;
  return {
    clusters: ports.flatMap((port) => clustersOf(service, port, rules)),
    listeners: ports.flatMap((port) => serviceListener(service, port) ?? []),
    routes: ports
      .filter((port) => port.protocol === 'detect')
      .map((port) => detectedRoutes(service, port, route, scope)),
    http: new Map(
      ports
        .filter((port) => port.protocol === 'http')
        .map((port) => [port.number, sharedRoutes(service, port, route, scope)]),
    ),
  };
}

/** The endpoints of every cluster of one service. */
export function serviceEndpoints(
  service: MeshService,
  rules: TrafficRules,
  slices: readonly Slice[],
  pod: (key: string) => PodFacts | undefined,
): Encoded[] {
  return service.ports.flatMap((port) => {
    const targets = targetsOf(slices, port.name, pod);
    const assign = (subset: string, labels: Labels): Encoded =>
      loadAssignment(outboundCluster(port.number, subset, service.host), targets, labels);
    return [assign('', {}), ...rules.subsets.map(({ name, labels }) => assign(name, labels))];
  });
}

function clustersOf(service: MeshService, port: MeshPort, rules: TrafficRules): Encoded[] {
  return [{ name: '', policy: rules.policy }, ...rules.subsets].map((subset) => {
    const cluster = outboundClusterOf(service, port, subset.name, subset.policy);
    return encode(ClusterSchema, cluster.name, cluster);
  });
}

/** The listener is the service's own, so whatever authority the client says means it. */
function detectedRoutes(
  service: MeshService,
  port: MeshPort,
  rule: Stored<VirtualService> | undefined,
  scope: RouteScope,
): Encoded {
  const host = virtualHost(service.host, port.number, ['*'], rule, scope);
  return routeConfiguration(detectedRoutesName(service.host, port.number), [encodeVirtualHost(host)]);
}

function sharedRoutes(
  service: MeshService,
  port: MeshPort,
  rule: Stored<VirtualService> | undefined,
  scope: RouteScope,
): ServiceRoutes {
  const far = virtualHost(
    service.host,
    port.number,
    serviceDomains(service, port.number, false),
    rule,
    scope,
  );
  const near = { ...far, domains: serviceDomains(service, port.number, true) };
  return { namespace: service.namespace, far: encodeVirtualHost(far), near: encodeVirtualHost(near) };
}
