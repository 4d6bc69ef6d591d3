import { SIDECAR_PORTS } from '#api/mesh/ports.ts';
import { TrafficDirection } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import { type Listener, ListenerSchema } from '#api/xds/gen/envoy/config/listener/v3/listener_pb.js';
import { VIRTUAL_INBOUND } from '#api/xds/names.ts';
import { acceptAddress } from './accept-address.ts';
import { acceptChain } from './accept-chain.ts';
import type { FilterContext } from './accept-filter.ts';
import { acceptListenerFilter } from './accept-listener-filter.ts';
import { arrangeChains } from './listener-chains.ts';
import type { ListenerSpec } from './listener-spec.ts';
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

/** Ports that the sidecar itself listens on, whatever configuration comes. */
const OWN_PORTS: ReadonlySet<number> = new Set(Object.values(SIDECAR_PORTS));

export function acceptListener(listener: Listener, context: FilterContext, place: Place): ListenerSpec {
  place.allow(ListenerSchema, listener, SUPPORTED);
  const inspectsTls = listener.listenerFilters
    .map((filter, i) => acceptListenerFilter(filter, place.in(`listener_filters[${i}]`)))
    .includes(true);
  const kind = kindOf(listener);
  const { address, port } = acceptAddress(listener.address, place.in('address'));
  if (kind === 'bound' && OWN_PORTS.has(port)) {
    place.in('address.port_value').refuse(`${port} is the sidecar's own port`);
  }
  const chainContext = { ...context, listener: listener.name, inspectsTls };
  const chains = listener.filterChains
    .map((chain, i) => acceptChain(chain, chainContext, place.in(`filter_chains[${i}]`)))
    .filter((chain) => chain !== undefined);
  const fallback =
    listener.defaultFilterChain === undefined
      ? undefined
      : acceptChain(listener.defaultFilterChain, chainContext, place.in('default_filter_chain'));
  return {
    kind,
    name: listener.name,
    address: address === '0.0.0.0' || address === '::' ? '' : address,
    port,
    chains: arrangeChains(chains, fallback?.target, place.in('filter_chains')),
  };
}

/** Captured connections come over the virtual listeners; other ones are bound unless they say that they are not. */
function kindOf(listener: Listener): ListenerSpec['kind'] {
  const isInbound = listener.trafficDirection === TrafficDirection.INBOUND;
  if (listener.name === VIRTUAL_INBOUND || isInbound) return 'virtual-inbound';
  if (listener.useOriginalDst === true) return 'virtual-outbound';
  return (listener.bindToPort ?? true) ? 'bound' : 'outbound';
}
