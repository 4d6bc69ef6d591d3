import { TrafficDirection } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import { type Listener, ListenerSchema } from '#api/xds/gen/envoy/config/listener/v3/listener_pb.js';
import { VIRTUAL_INBOUND } from '#api/xds/names.ts';
import type { RouteContext } from '#sidecar/routing/compile-action.ts';
import { acceptAddress } from './accept-address.ts';
import { acceptChain, type Chain } from './accept-chain.ts';
import { acceptListenerFilter } from './accept-listener-filter.ts';
import type { ListenerSpec, TargetSpec } from './listener-spec.ts';
import type { Place } from './refusals.ts';

/**
 * `listener_filters_timeout` is how long Envoy waits for the client to speak. Here detection waits for whoever
 * speaks first, so that it is never waited out.
 */
const SUPPORTED = new Set([
  'name',
  'address',
  'stat_prefix',
  'filter_chains',
  'default_filter_chain',
  'use_original_dst',
  'bind_to_port',
  'traffic_direction',
  'listener_filters',
  'listener_filters_timeout',
  'continue_on_listener_filters_timeout',
  'metadata',
]);

export function acceptListener(
  listener: Listener,
  context: RouteContext,
  place: Place,
): ListenerSpec | undefined {
  place.allow(ListenerSchema, listener, SUPPORTED);
  listener.listenerFilters.forEach((filter, i) => {
    acceptListenerFilter(filter, place.in(`listener_filters[${i}]`));
  });
  const chains = listener.filterChains
    .map((chain, i) => acceptChain(chain, context, place.in(`filter_chains[${i}]`)))
    .filter((chain) => chain !== undefined);
  const fallback =
    listener.defaultFilterChain === undefined
      ? undefined
      : acceptChain(listener.defaultFilterChain, context, place.in('default_filter_chain'));
  return listener.name === VIRTUAL_INBOUND || listener.trafficDirection === TrafficDirection.INBOUND
    ? inbound(listener, chains, fallback, place)
    : outbound(listener, chains, fallback, place);
}

function inbound(
  listener: Listener,
  chains: readonly Chain[],
  fallback: Chain | undefined,
  place: Place,
): ListenerSpec {
  const byPort = Map.groupBy(chains, (chain) => chain.port ?? 0);
  const ports = new Map<number, TargetSpec>();
  for (const [port, same] of byPort) {
    const target = targetOf(same, undefined, place.in('filter_chains'));
    if (port === 0) place.in('filter_chains').refuse('an inbound chain without destination_port');
    else if (target !== undefined) ports.set(port, target);
  }
  const rest = fallback === undefined ? undefined : targetOf([fallback], undefined, place);
  return { kind: 'virtual-inbound', name: listener.name, ports, rest };
}

function outbound(
  listener: Listener,
  chains: readonly Chain[],
  fallback: Chain | undefined,
  place: Place,
): ListenerSpec | undefined {
  const { address, port } = acceptAddress(listener.address, place.in('address'));
  if (chains.some((chain) => chain.port !== undefined)) {
    place.in('filter_chains').refuse('destination_port is supported for inbound listeners only');
  }
  const target = targetOf(chains, fallback, place.in('filter_chains'));
  if (target === undefined) return undefined;
  const { name } = listener;
  if (listener.useOriginalDst === true) return { kind: 'virtual-outbound', name, target };
  const any = address === '0.0.0.0' || address === '::';
  return { kind: 'outbound', name, address: any ? '' : address, port, target };
}

/** Chains that differ in `application_protocols` only are one target: HTTP when it looks like it, else opaque. */
function targetOf(
  chains: readonly Chain[],
  fallback: Chain | undefined,
  place: Place,
): TargetSpec | undefined {
  const detected = chains.filter((chain) => chain.onlyHttp);
  const plain = [...chains.filter((chain) => !chain.onlyHttp), ...(fallback === undefined ? [] : [fallback])];
  const http = detected[0]?.terminal;
  const other = plain[0]?.terminal;
  if (detected.length > 1 || plain.length > 1) place.refuse('chains that cannot be told apart');
  if (http === undefined) return other === undefined ? none(place) : alone(other);
  if (http.kind !== 'http') return refused(place, 'a chain for HTTP protocols needs a connection manager');
  if (other === undefined) return alone(http);
  if (other.kind !== 'tcp')
    return refused(place, 'the chain beside one for HTTP protocols must be a tcp_proxy');
  return { protocol: 'detect', routes: http.routes, cluster: other.cluster };
}

function alone(terminal: Chain['terminal']): TargetSpec {
  return terminal.kind === 'http'
    ? { protocol: 'http', routes: terminal.routes }
    : { protocol: 'tcp', cluster: terminal.cluster };
}

function none(place: Place): undefined {
  return refused(place, 'there is no chain that can be run');
}

function refused(place: Place, why: string): undefined {
  place.refuse(why);
  return undefined;
}
