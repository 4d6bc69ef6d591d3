import { create, fromJson, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import { ClusterSchema } from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from '#api/xds/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { ListenerSchema } from '#api/xds/gen/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from '#api/xds/gen/envoy/config/route/v3/route_pb.js';
import { XDS_REGISTRY } from '#api/xds/registry.ts';
import type { Resource } from './resource.ts';
import { resourceOf } from './test-ads-server.ts';

/** Resources for tests, in Envoy's JSON, so that a test reads like Envoy's documentation. */
const JSON_OPTIONS = { registry: XDS_REGISTRY };

/** Fed by EDS unless `fields` say otherwise. */
export function cluster(name: string, fields: JsonObject = {}, version = '1'): Resource {
  const eds = { type: 'EDS', eds_cluster_config: { eds_config: { ads: {} } }, lb_policy: 'ROUND_ROBIN' };
  const message = fromJson(ClusterSchema, { name, ...eds, ...fields }, JSON_OPTIONS);
  return resourceOf(ClusterSchema, name, message, version);
}

export function originalDestination(name: string): Resource {
  const message = fromJson(ClusterSchema, { name, type: 'ORIGINAL_DST', lb_policy: 'CLUSTER_PROVIDED' });
  return resourceOf(ClusterSchema, name, message);
}

export function assignment(name: string, addresses: readonly string[], version = '1'): Resource {
  const message = create(ClusterLoadAssignmentSchema, {
    clusterName: name,
    endpoints: [
      {
        lbEndpoints: addresses.map((text) => {
          const [address = '', port = '80'] = text.split(':');
          const socket = { address, portSpecifier: { case: 'portValue' as const, value: Number(port) } };
          const where = { address: { case: 'socketAddress' as const, value: socket } };
          return { hostIdentifier: { case: 'endpoint' as const, value: { address: where } } };
        }),
      },
    ],
  });
  return resourceOf(ClusterLoadAssignmentSchema, name, message, version);
}

export function clusterLoadAssignment(name: string, fields: JsonObject, version = '1'): Resource {
  const message = fromJson(ClusterLoadAssignmentSchema, { cluster_name: name, ...fields }, JSON_OPTIONS);
  return resourceOf(ClusterLoadAssignmentSchema, name, message, version);
}

export function listener(name: string, fields: JsonObject, version = '1'): Resource {
  return resourceOf(
    ListenerSchema,
    name,
    fromJson(ListenerSchema, { name, ...fields }, JSON_OPTIONS),
    version,
  );
}

export function routes(name: string, virtualHosts: JsonValue[], version = '1'): Resource {
  const message = fromJson(RouteConfigurationSchema, { name, virtual_hosts: virtualHosts }, JSON_OPTIONS);
  return resourceOf(RouteConfigurationSchema, name, message, version);
}

/** A virtual host for everything that goes to one cluster. */
export function allTo(clusterName: string): JsonObject {
  return {
    name: 'all',
    domains: ['*'],
    routes: [{ name: 'all', match: { prefix: '/' }, route: { cluster: clusterName, timeout: '0s' } }],
  };
}

export function socketAddress(address: string, port: number): JsonObject {
  return { socket_address: { address, port_value: port } };
}

/** Goes to one cluster, or to the `weighted_clusters` among `fields`. */
export function tcpProxy(clusterName: string, fields: JsonObject = {}): JsonObject {
  const type = 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy';
  const to = 'weighted_clusters' in fields ? {} : { cluster: clusterName };
  return {
    name: 'envoy.filters.network.tcp_proxy',
    typed_config: { '@type': type, stat_prefix: clusterName, ...to, ...fields },
  };
}

export const TLS_INSPECTOR: JsonObject = {
  name: 'envoy.filters.listener.tls_inspector',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
  },
};

export function httpManager(fields: JsonObject): JsonObject {
  const filters = 'type.googleapis.com/envoy.extensions.filters';
  const router = { '@type': `${filters}.http.router.v3.Router` };
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: {
      '@type': `${filters}.network.http_connection_manager.v3.HttpConnectionManager`,
      stat_prefix: 'test',
      http_filters: [{ name: 'envoy.filters.http.router', typed_config: router }],
      ...fields,
    },
  };
}

export function overRds(name: string): JsonObject {
  return httpManager({ rds: { config_source: { ads: {} }, route_config_name: name } });
}

/** The HTTP listener of a port, its routes over RDS under the port's name. */
export function httpListener(port: number, version = '1'): Resource {
  const chains = [{ filters: [overRds(String(port))] }];
  const address = socketAddress('0.0.0.0', port);
  return listener(`0.0.0.0_${port}`, { address, bind_to_port: false, filter_chains: chains }, version);
}

export const VIRTUAL_OUTBOUND_LISTENER = listener('virtualOutbound', {
  address: socketAddress('0.0.0.0', 15001),
  traffic_direction: 'OUTBOUND',
  use_original_dst: true,
  default_filter_chain: { filters: [tcpProxy('PassthroughCluster')] },
});
