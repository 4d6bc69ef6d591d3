import type { Filter } from '#api/xds/gen/envoy/config/listener/v3/listener_components_pb.js';
import { HttpConnectionManagerSchema } from '#api/xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { TcpProxySchema } from '#api/xds/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js';
import type { RouteContext } from '#sidecar/routing/compile-action.ts';
import type { StatsSpec } from '#sidecar/telemetry/stats-spec.ts';
import type { ReadFile } from './accept-data-source.ts';
import { acceptHttpManager } from './accept-http-manager.ts';
import { acceptTcpProxy } from './accept-tcp-proxy.ts';
import type { HttpSpec, TcpSpec } from './listener-spec.ts';
import type { Place } from './refusals.ts';
import { unpack } from './unpack.ts';

/** What the last filter of a chain does. */
export type Terminal =
  | { readonly protocol: 'http'; readonly http: HttpSpec }
  | { readonly protocol: 'tcp'; readonly tcp: TcpSpec };

export interface FilterContext extends RouteContext {
  readonly readFile: ReadFile;
}

/** A network filter that ends a chain: the HTTP connection manager or the TCP proxy; `stats` is what `istio.stats` before it says. */
export function acceptFilter(
  filter: Filter,
  stats: StatsSpec | undefined,
  context: FilterContext,
  place: Place,
): Terminal | undefined {
  const config = filter.configType.case === 'typedConfig' ? filter.configType.value : undefined;
  const manager = unpack(config, HttpConnectionManagerSchema);
  if (manager !== undefined) {
    if (stats !== undefined) place.refuse('istio.stats stands in front of tcp_proxy only');
    const http = acceptHttpManager(manager, context, place);
    return http === undefined ? undefined : { protocol: 'http', http };
  }
  const proxy = unpack(config, TcpProxySchema);
  if (proxy !== undefined) {
    const tcp = acceptTcpProxy(proxy, stats, place);
    return tcp === undefined ? undefined : { protocol: 'tcp', tcp };
  }
  place.refuse(
    `network filter ${filter.name} (${config?.typeUrl ?? 'without configuration'}) is not supported`,
  );
  return undefined;
}
