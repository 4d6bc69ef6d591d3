/**
 * What a gRPC client without a sidecar may ask for. It names everything that it wants, beginning with a listener
 * called like its target, and it is served what such clients can run. Derived when asked: these clients are few
 * and name little.
 */
import { resolveHost } from '#api/mesh/names.ts';
import { ClusterSchema } from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import { parseClusterName } from '#api/xds/names.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import { proxylessCluster } from './clusters/outbound-cluster.ts';
import { clusterParts } from './destination-resources.ts';
import { type Encoded, encode } from './encoded.ts';
import { apiListener } from './listeners/api-listener.ts';
import { detectedRoutesName } from './listeners/outbound-listeners.ts';
import { clientIn } from './model/client.ts';
import type { MeshPort, MeshService } from './model/mesh-service.ts';
import { proxylessReader, type Reader } from './routes/reader.ts';
import { encodeVirtualHost, routeConfiguration } from './routes/route-configuration.ts';
import { meshRulesFor } from './routes/rules-for-host.ts';
import { virtualHost } from './routes/virtual-host.ts';
import type { View } from './view.ts';
import type { World } from './world.ts';

export function proxylessView(world: World, namespace: string): View {
  return {
    get(type, name) {
      switch (type) {
        case CLUSTER_TYPE:
          return cluster(world, name, namespace);
        case ENDPOINT_TYPE:
          return world.outbound.get(type, name, clientIn(namespace));
        case LISTENER_TYPE:
          return listener(world, name, namespace);
        case ROUTE_TYPE:
          return routes(world, name, proxylessReader(namespace));
      }
    },
    names: () => [],
    changed: (type, change) => (type === ENDPOINT_TYPE ? change.shared[type] : 'all'),
    release: () => {},
  };
}

interface Target {
  readonly service: MeshService;
  readonly port: MeshPort;
}

/** `HOST:PORT`; a service with a single port may be named without it. */
function targetOf(world: World, name: string, namespace: string): Target | undefined {
  const { clusterDomain } = world.inputs.options;
  const match = /^([^:]+)(?::(\d{1,5}))?$/.exec(name);
  if (match === null) return undefined;
  const service = world.inputs.services.get(resolveHost(match[1]!.toLowerCase(), namespace, clusterDomain));
  const ports = service?.ports ?? [];
  const port =
    match[2] === undefined && ports.length === 1
      ? ports[0]
      : ports.find(({ number }) => number === Number(match[2]));
  return service === undefined || port === undefined ? undefined : { service, port };
}

function listener(world: World, name: string, namespace: string): Encoded | undefined {
  const target = targetOf(world, name, namespace);
  return target && apiListener(name, detectedRoutesName(target.service.host, target.port.number));
}

function routes(world: World, name: string, reader: Reader): Encoded | undefined {
  const target = targetOf(world, name, '');
  if (target === undefined || detectedRoutesName(target.service.host, target.port.number) !== name)
    return undefined;
  const { host } = target.service;
  const rules = meshRulesFor(host, world.inputs);
  const only = virtualHost(host, target.port.number, ['*'], rules, world.destinations, reader);
  return routeConfiguration(name, [encodeVirtualHost(only)]);
}

function cluster(world: World, name: string, namespace: string): Encoded | undefined {
  const parsed = parseClusterName(name);
  if (parsed?.direction !== 'outbound') return undefined;
  const { inputs } = world;
  const service = inputs.services.get(parsed.host);
  const port = service?.ports.find(({ number }) => number === parsed.port);
  if (service === undefined || port === undefined) return undefined;
  const client = clientIn(namespace);
  const rules = world.trafficRules(parsed.host, client);
  const known = parsed.subset === '' || rules.subsets.some((subset) => subset.name === parsed.subset);
  if (!known) return undefined;
  const message = proxylessCluster(clusterParts({ service, rules, client, inputs }, port, parsed.subset));
  return encode(ClusterSchema, name, message);
}
