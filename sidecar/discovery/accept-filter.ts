import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import type { Filter } from '#api/xds/gen/envoy/config/listener/v3/listener_components_pb.js';
import { RouterSchema } from '#api/xds/gen/envoy/extensions/filters/http/router/v3/router_pb.js';
import {
  HttpConnectionManager_CodecType as CodecType,
  type HttpConnectionManager,
  HttpConnectionManager_UpgradeConfigSchema,
  HttpConnectionManagerSchema,
  type HttpFilter,
} from '#api/xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import {
  type TcpProxy,
  TcpProxySchema,
} from '#api/xds/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js';
import type { RouteContext } from '#sidecar/routing/compile-action.ts';
import { compileRouteTable } from '#sidecar/routing/compile-route-table.ts';
import { acceptConfigSource } from './accept-config-source.ts';
import { acceptDuration } from './durations.ts';
import type { RouteSource } from './listener-spec.ts';
import type { Place } from './refusals.ts';

/** What the last filter of a chain does. */
export type Terminal =
  | { readonly kind: 'http'; readonly routes: RouteSource }
  | { readonly kind: 'tcp'; readonly cluster: string };

const MANAGER_FIELDS = new Set([
  'codec_type',
  'stat_prefix',
  'rds',
  'route_config',
  'http_filters',
  'use_remote_address',
  'upgrade_configs',
  'stream_idle_timeout',
]);

/** A network filter that ends a chain: the HTTP connection manager or the TCP proxy. */
export function acceptFilter(filter: Filter, context: RouteContext, place: Place): Terminal | undefined {
  const config = filter.configType.case === 'typedConfig' ? filter.configType.value : undefined;
  const manager = unpack(config, HttpConnectionManagerSchema);
  if (manager !== undefined) return acceptManager(manager, context, place);
  const proxy = unpack(config, TcpProxySchema);
  if (proxy !== undefined) return acceptTcpProxy(proxy, place);
  place.refuse(
    `network filter ${filter.name} (${config?.typeUrl ?? 'without configuration'}) is not supported`,
  );
  return undefined;
}

/** The message inside, when it is of that type. */
export function unpack<Desc extends DescMessage>(
  any: Any | undefined,
  schema: Desc,
): MessageShape<Desc> | undefined {
  return any?.typeUrl === `type.googleapis.com/${schema.typeName}`
    ? fromBinary(schema, any.value)
    : undefined;
}

function acceptTcpProxy(proxy: TcpProxy, place: Place): Terminal | undefined {
  place.allow(TcpProxySchema, proxy, new Set(['stat_prefix', 'cluster']));
  if (proxy.clusterSpecifier.case === 'cluster')
    return { kind: 'tcp', cluster: proxy.clusterSpecifier.value };
  if (proxy.clusterSpecifier.case === undefined) place.refuse('names no cluster');
  return undefined;
}

function acceptManager(
  manager: HttpConnectionManager,
  context: RouteContext,
  place: Place,
): Terminal | undefined {
  place.allow(HttpConnectionManagerSchema, manager, MANAGER_FIELDS);
  if (manager.codecType !== CodecType.AUTO && manager.codecType !== CodecType.HTTP1) {
    place.in('codec_type').refuse(`${CodecType[manager.codecType]} is not supported`);
  }
  if (manager.useRemoteAddress === true) place.in('use_remote_address').refuse('true is not supported');
  const idle = place.in('stream_idle_timeout');
  if (manager.streamIdleTimeout !== undefined && acceptDuration(manager.streamIdleTimeout, idle) !== 0) {
    idle.refuse('only 0s is supported');
  }
  for (const upgrade of manager.upgradeConfigs) {
    const supported = new Set(['upgrade_type', 'enabled']);
    place.in('upgrade_configs').allow(HttpConnectionManager_UpgradeConfigSchema, upgrade, supported);
  }
  acceptHttpFilters(manager.httpFilters, place.in('http_filters'));
  return acceptRouteSource(manager, context, place);
}

/** The router is all there is, and nothing of it is adjustable. */
function acceptHttpFilters(filters: readonly HttpFilter[], place: Place): void {
  for (const filter of filters) {
    const config = filter.configType.case === 'typedConfig' ? filter.configType.value : undefined;
    const router = unpack(config, RouterSchema);
    if (router === undefined) {
      place.refuse(`${filter.name} (${config?.typeUrl ?? 'without configuration'}) is not supported`);
    } else {
      place.in('router').allow(RouterSchema, router, new Set());
    }
  }
}

function acceptRouteSource(
  manager: HttpConnectionManager,
  context: RouteContext,
  place: Place,
): Terminal | undefined {
  const source = manager.routeSpecifier;
  if (source.case === 'rds') {
    const here = place.in('rds');
    acceptConfigSource(source.value.configSource, here.in('config_source'));
    if (source.value.routeConfigName === '') here.in('route_config_name').refuse('must not be empty');
    return { kind: 'http', routes: { kind: 'rds', name: source.value.routeConfigName } };
  }
  if (source.case === 'routeConfig') {
    const table = compileRouteTable(source.value, context, place.in('route_config'));
    return { kind: 'http', routes: { kind: 'inline', table } };
  }
  if (source.case === undefined) place.refuse('names no routes');
  return undefined;
}
