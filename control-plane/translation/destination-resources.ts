/** The clusters and endpoints of one service, as one client gets them. */
import { ClusterSchema } from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from '#api/xds/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { outboundCluster } from '#api/xds/names.ts';
import { clientTls } from './clusters/client-tls.ts';
import { discoveryOf } from './clusters/discovery.ts';
import { type ClusterParts, outboundClusterOf } from './clusters/outbound-cluster.ts';
import { type Encoded, encode } from './encoded.ts';
import { loadAssignment } from './endpoints/load-assignment.ts';
import { localityPlan } from './endpoints/locality-plan.ts';
import { targetsOf } from './endpoints/targets.ts';
import type { MeshClient } from './model/client.ts';
import { type Credentials, credentialsIn, NO_CREDENTIALS } from './model/credentials.ts';
import { isExported } from './model/export-to.ts';
import type { Inputs } from './model/inputs.ts';
import type { MeshPort, MeshService } from './model/mesh-service.ts';
import { type Settings, settingsFor, type TrafficRules } from './model/traffic-rules.ts';

export interface Destination {
  readonly service: MeshService;
  /** In force for the client. */
  readonly rules: TrafficRules;
  readonly client: MeshClient;
  readonly inputs: Inputs;
}

export function destinationClusters(destination: Destination): Encoded[] {
  return partsOf(destination).map((parts) => {
    const cluster = outboundClusterOf(parts);
    return encode(ClusterSchema, cluster.name, cluster);
  });
}

/** Of the clusters that ask for them: others resolve names, or go where a connection was going. */
export function destinationEndpoints(destination: Destination): Encoded[] {
  return partsOf(destination)
    .filter(isOverEds)
    .map((parts) => {
      const message = parts.assignment();
      return encode(ClusterLoadAssignmentSchema, message.clusterName, message);
    });
}

/** What one cluster of the service is made from: `port` and `subset` name it. */
export function clusterParts(
  { service, rules, client, inputs }: Destination,
  port: MeshPort,
  subset: string,
): ClusterParts {
  const settings = settingsFor(rules, subset, port.number);
  const labels = rules.subsets.find(({ name }) => name === subset)?.labels ?? {};
  const name = outboundCluster(port.number, subset, service.host);
  const ranking = { plan: localityPlan(settings), client };
  const assignment = () => loadAssignment(name, targetsOf(service, port, inputs), labels, ranking);
  return {
    service,
    port,
    subset,
    settings,
    assignment,
    credentials: client.trusted ? credentialsIn(client.namespace, inputs.secrets) : NO_CREDENTIALS,
  };
}

function partsOf(destination: Destination): ClusterParts[] {
  const { service, rules, client } = destination;
  if (!isExported(service.exportTo, service.namespace, client.namespace)) return [];
  const subsets = ['', ...rules.subsets.map(({ name }) => name)];
  return service.ports.flatMap((port) => subsets.map((subset) => clusterParts(destination, port, subset)));
}

function isOverEds({ service, settings, credentials }: ClusterParts): boolean {
  return discoveryOf(service, settings) === 'endpoints' && hasCredentials(settings, service, credentials);
}

function hasCredentials(settings: Settings, service: MeshService, credentials: Credentials): boolean {
  return clientTls(settings.tls, service, credentials) !== undefined;
}
