import type { ConnectionLimits } from '#api/mesh/connection-limits.ts';
import type {
  FilterSchema,
  ListenerFilterSchema,
} from '#api/xds/gen/envoy/config/listener/v3/listener_components_pb.js';
import type { RouteConfigurationSchema } from '#api/xds/gen/envoy/config/route/v3/route_pb.js';
import { HttpInspectorSchema } from '#api/xds/gen/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb.js';
import { OriginalDstSchema } from '#api/xds/gen/envoy/extensions/filters/listener/original_dst/v3/original_dst_pb.js';
import { TlsInspectorSchema } from '#api/xds/gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js';
import { HttpConnectionManagerSchema } from '#api/xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { TcpProxySchema } from '#api/xds/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js';
import { OVER_ADS } from '../config-source.ts';
import { durationOf, type Init, pack } from '../message.ts';
import { managerLimits } from './connection-limits.ts';
import { OUTBOUND_FILTERS, ROUTER } from './http-filters.ts';
import { bodyFilters } from './limit-filters.ts';

import type { OpaqueLimits } from './opaque-limits.ts';

export type Filter = Init<typeof FilterSchema>;
export type ListenerFilter = Init<typeof ListenerFilterSchema>;
type HttpFilter = (typeof OUTBOUND_FILTERS)[number];
type Manager = Init<typeof HttpConnectionManagerSchema>;

/** What `http_inspector` calls HTTP (Istio's list). */
export const HTTP_PROTOCOLS = ['http/1.0', 'http/1.1', 'h2c'];

/**
 * How long a proxy that inspects waits for the client's first bytes before it takes the connection as opaque: long
 * enough for a slow client, short enough for a server that speaks first. Weft's own sidecar need not wait.
 */
export const DETECTION_TIMEOUT_MS = 1_000;

export const ORIGINAL_DESTINATION: ListenerFilter = {
  name: 'envoy.filters.listener.original_dst',
  configType: { case: 'typedConfig', value: pack(OriginalDstSchema, {}) },
};

export const HTTP_INSPECTOR: ListenerFilter = {
  name: 'envoy.filters.listener.http_inspector',
  configType: { case: 'typedConfig', value: pack(HttpInspectorSchema, {}) },
};

export const TLS_INSPECTOR: ListenerFilter = {
  name: 'envoy.filters.listener.tls_inspector',
  configType: { case: 'typedConfig', value: pack(TlsInspectorSchema, {}) },
};

export function tcpProxy(cluster: string, limits: OpaqueLimits = {}): Filter {
  return {
    name: 'envoy.filters.network.tcp_proxy',
    configType: {
      case: 'typedConfig',
      value: pack(TcpProxySchema, {
        statPrefix: cluster,
        clusterSpecifier: { case: 'cluster', value: cluster },
        ...limits,
      }),
    },
  };
}

/** Several clusters, drawn by weight for each connection. */
export function weightedTcpProxy(
  statPrefix: string,
  clusters: readonly { readonly name: string; readonly weight: number }[],
  limits: OpaqueLimits = {},
): Filter {
  const weighted = { clusters: clusters.map(({ name, weight }) => ({ name, weight })) };
  return {
    name: 'envoy.filters.network.tcp_proxy',
    configType: {
      case: 'typedConfig',
      value: pack(TcpProxySchema, {
        statPrefix,
        clusterSpecifier: { case: 'weightedClusters', value: weighted },
        ...limits,
      }),
    },
  };
}

/** HTTP whose routes come over RDS under the name `routes`. */
export function httpOverRds(statPrefix: string, routes: string): Filter {
  const specifier = { configSource: OVER_ADS, routeConfigName: routes };
  return connectionManager(statPrefix, { case: 'rds', value: specifier }, OUTBOUND_FILTERS);
}

/** The same at a gateway, whose peers are clients and not sidecars: it says whom a request comes from (Istio). */
export function httpAtEdge(statPrefix: string, routes: string, limits: ConnectionLimits): Filter {
  const specifier = { configSource: OVER_ADS, routeConfigName: routes };
  const filters = [...bodyFilters(limits), ...OUTBOUND_FILTERS];
  return connectionManager(statPrefix, { case: 'rds', value: specifier }, filters, {
    useRemoteAddress: true,
    ...managerLimits(limits),
  });
}

/** HTTP whose routes come with the listener; `limits` stand before the router, `more` is said of its connections. */
export function httpInline(
  statPrefix: string,
  routes: Init<typeof RouteConfigurationSchema>,
  limits: readonly HttpFilter[],
  more: Manager,
): Filter {
  return connectionManager(statPrefix, { case: 'routeConfig', value: routes }, [...limits, ROUTER], more);
}

function connectionManager(
  statPrefix: string,
  routeSpecifier: NonNullable<Manager['routeSpecifier']>,
  httpFilters: readonly HttpFilter[],
  more: Manager = {},
): Filter {
  const manager = pack(HttpConnectionManagerSchema, {
    statPrefix,
    routeSpecifier,
    httpFilters: [...httpFilters],
    useRemoteAddress: false,
    upgradeConfigs: [{ upgradeType: 'websocket' }],
    streamIdleTimeout: durationOf(0),
    ...more,
  });
  return {
    name: 'envoy.filters.network.http_connection_manager',
    configType: { case: 'typedConfig', value: manager },
  };
}
