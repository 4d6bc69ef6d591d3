/** The listeners of a gateway: one for each port that its Gateways name, bound by the proxy itself. */
import { create } from '@bufbuild/protobuf';
import type { ConnectionLimits } from '#api/mesh/connection-limits.ts';
import { TrafficDirection } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import type { FilterChainMatchSchema } from '#api/xds/gen/envoy/config/listener/v3/listener_components_pb.js';
import { ListenerSchema } from '#api/xds/gen/envoy/config/listener/v3/listener_pb.js';
import { tcpAddress } from '../address.ts';
import { type Encoded, encode } from '../encoded.ts';
import { connectionFilters } from '../listeners/connection-limits.ts';
import { DETECTION_TIMEOUT_MS, httpAtEdge, TLS_INSPECTOR } from '../listeners/filters.ts';
import { type FilterChain, opaqueRoute, tlsChains, tlsMatch } from '../listeners/opaque-chains.ts';
import { durationOf, type Init } from '../message.ts';
import type { Credentials } from '../model/credentials.ts';
import type { Reader } from '../routes/reader.ts';
import type { GatewayRouteScope } from './gateway-routes.ts';
import { layerOf, type ServedPort, type Server } from './served-gateways.ts';
import { commonHosts, parseServerHost } from './server-hosts.ts';
import { downstreamTls } from './termination.ts';

type Match = Init<typeof FilterChainMatchSchema>;

export interface GatewayListenerScope extends GatewayRouteScope {
  /** A Secret of the gateway's own namespace. */
  readonly credentials: Credentials;
  /** What the gateway's pod says of those who connect. */
  readonly limits: ConnectionLimits;
}

export function httpRoutesName(port: number): string {
  return `http.${port}`;
}

/** Istio's name of the routes of one server whose TLS ends here. */
export function httpsRoutesName(port: number, { gateway, name }: Server): string {
  const [namespace = '', gatewayName = ''] = gateway.split('/');
  return `https.${port}.${name}.${gatewayName}.${namespace}`;
}

/** `port` is the number that the proxy binds. Undefined when nothing could be done with a connection. */
export function gatewayListener(
  served: ServedPort,
  port: number,
  scope: GatewayListenerScope,
): Encoded | undefined {
  const first = connectionFilters(`outbound_${served.number}`, scope.limits);
  const chains = chainsOf(served, scope).map((chain) => ({
    ...chain,
    filters: [...first, ...(chain.filters ?? [])],
  }));
  if (chains.length === 0) return undefined;
  const name = `${served.bind}_${port}`;
  const inspected = served.layer === 'tls';
  const listener = create(ListenerSchema, {
    name,
    address: tcpAddress(served.bind, port),
    trafficDirection: TrafficDirection.OUTBOUND,
    ...(inspected
      ? { listenerFilters: [TLS_INSPECTOR], listenerFiltersTimeout: durationOf(DETECTION_TIMEOUT_MS) }
      : {}),
    filterChains: chains,
  });
  return encode(ListenerSchema, name, listener);
}

function chainsOf(served: ServedPort, scope: GatewayListenerScope): FilterChain[] {
  switch (served.layer) {
    case 'http':
      return [
        { filters: [httpAtEdge(`outbound_${served.number}`, httpRoutesName(served.number), scope.limits)] },
      ];
    case 'tcp':
      return served.servers.flatMap((server) => tcpChain(server, served.number, scope) ?? []).slice(0, 1);
    case 'tls':
      return withoutRepeated(
        served.servers.flatMap((server) => tlsServerChains(server, served.number, scope)),
      );
  }
}

function readerOf({ gateway }: Server, { reader }: GatewayListenerScope): Reader {
  return { ...reader, gateways: new Set([gateway]) };
}

function tcpChain(server: Server, port: number, scope: GatewayListenerScope): FilterChain | undefined {
  const rules = scope.rulesOf(server.gateway).map(({ rule }) => rule);
  return opaqueRoute(rules, port, scope.context, readerOf(server, scope));
}

function tlsServerChains(server: Server, port: number, scope: GatewayListenerScope): FilterChain[] {
  return server.server.tls?.mode === undefined || server.server.tls.mode === 'PASSTHROUGH'
    ? passedThrough(server, port, scope)
    : terminated(server, port, scope);
}

/** The VirtualServices' `tls` routes, for the names that the server takes. */
function passedThrough(server: Server, port: number, scope: GatewayListenerScope): FilterChain[] {
  const home = homeOf(server);
  return scope.rulesOf(server.gateway).flatMap(({ rule }) => {
    const { namespace = 'default' } = rule.rule.metadata;
    return tlsChains([rule], port, scope.context, readerOf(server, scope)).flatMap((chain): FilterChain[] => {
      const asked = chain.filterChainMatch?.serverNames ?? [];
      const names = commonHosts(server.server.hosts, home, {
        namespace,
        hosts: asked.length === 0 ? ['*'] : asked,
      });
      return names.length === 0 ? [] : [{ ...chain, filterChainMatch: narrowed(chain, names) }];
    });
  });
}

function terminated(server: Server, port: number, scope: GatewayListenerScope): FilterChain[] {
  const transportSocket = downstreamTls(server.server.tls!, scope.credentials);
  if (transportSocket === undefined) return [];
  const home = homeOf(server);
  const names = server.server.hosts.map((text) => parseServerHost(text, home).host);
  const filters =
    layerOf(server.server) === 'https'
      ? [httpAtEdge(`outbound_${port}`, httpsRoutesName(port, server), scope.limits)]
      : tcpChain(server, port, scope)?.filters;
  if (filters === undefined) return [];
  return [{ filterChainMatch: tlsMatch(names), transportSocket, filters, metadata: gatewayMetadata(server) }];
}

/** Where the Gateway can be read, in the manner of what is made of VirtualServices. */
function gatewayMetadata({ gateway }: Server) {
  const [namespace = '', name = ''] = gateway.split('/');
  const config = `/apis/networking.istio.io/v1/namespaces/${namespace}/gateway/${name}`;
  return { filterMetadata: { istio: { config } } };
}

/** Proxies refuse two chains for one name: the first keeps it. */
function withoutRepeated(chains: readonly FilterChain[]): FilterChain[] {
  const taken = new Set<string>();
  return chains.flatMap((chain): FilterChain[] => {
    const match = chain.filterChainMatch;
    const subnets = JSON.stringify(match?.prefixRanges ?? []);
    const asked = match?.serverNames ?? [];
    const names = (asked.length === 0 ? ['*'] : asked).filter((name) => !taken.has(`${name} ${subnets}`));
    for (const name of names) taken.add(`${name} ${subnets}`);
    return names.length === 0 ? [] : [{ ...chain, filterChainMatch: narrowed(chain, names) }];
  });
}

function narrowed({ filterChainMatch }: FilterChain, names: readonly string[]): Match {
  return { ...(filterChainMatch as Match | undefined), ...tlsMatch(names) };
}

function homeOf({ gateway }: Server): string {
  return gateway.slice(0, gateway.indexOf('/'));
}
