import { create } from '@bufbuild/protobuf';
import { SIDECAR_PORTS } from '#api/mesh/ports.ts';
import { TrafficDirection } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import { ListenerSchema } from '#api/xds/gen/envoy/config/listener/v3/listener_pb.js';
import { BLACK_HOLE_CLUSTER, PASSTHROUGH_CLUSTER, VIRTUAL_OUTBOUND } from '#api/xds/names.ts';
import { tcpAddress } from '../address.ts';
import { type Encoded, encode } from '../encoded.ts';
import { durationOf, type Init } from '../message.ts';
import type { MeshPort, MeshService } from '../model/mesh-service.ts';
import {
  DETECTION_TIMEOUT_MS,
  HTTP_INSPECTOR,
  HTTP_PROTOCOLS,
  httpOverRds,
  ORIGINAL_DESTINATION,
  TLS_INSPECTOR,
  tcpProxy,
} from './filters.ts';
import { type FilterChain, type OpaqueChains, within } from './opaque-chains.ts';

type ListenerInit = Init<typeof ListenerSchema>;

/**
 * Where every captured connection arrives. It hands over to the listener of the original destination; what no
 * listener wants goes where it was going.
 */
export const VIRTUAL_OUTBOUND_LISTENER: Encoded = virtualOutbound(PASSTHROUGH_CLUSTER);

/** The same where only what the mesh knows may be reached (Istio's REGISTRY_ONLY). */
export const CLOSED_OUTBOUND_LISTENER: Encoded = virtualOutbound(BLACK_HOLE_CLUSTER);

function virtualOutbound(rest: string): Encoded {
  return encodeListener({
    name: VIRTUAL_OUTBOUND,
    address: tcpAddress('0.0.0.0', SIDECAR_PORTS.outbound),
    trafficDirection: TrafficDirection.OUTBOUND,
    useOriginalDst: true,
    listenerFilters: [ORIGINAL_DESTINATION],
    defaultFilterChain: { name: 'virtualOutbound-catchall-tcp', filters: [tcpProxy(rest)] },
  });
}

/** All HTTP services of one port number: told apart by authority, whatever the address. */
export function httpPortListener(port: number): Encoded {
  const name = httpListenerName(port);
  return encodeListener({
    ...handedOver(name, '0.0.0.0', port),
    filterChains: [{ filters: [httpOverRds(`outbound_${name}`, String(port))] }],
  });
}

/**
 * A port where services without an address of their own are; what none of them takes is HTTP's, or goes on. `kept`:
 * addresses whose connections are HTTP's whatever network they lie in.
 */
export function sharedPortListener(
  port: number,
  http: boolean,
  allowAny: boolean,
  kept: readonly string[],
  chains: readonly FilterChain[],
  rest: FilterChain | undefined,
): Encoded {
  const name = httpListenerName(port);
  const onward = tcpProxy(allowAny ? PASSTHROUGH_CLUSTER : BLACK_HOLE_CLUSTER);
  const routed: FilterChain = { filters: [httpOverRds(`outbound_${name}`, String(port))] };
  const last = http ? routed : rest;
  const own = kept.length === 0 ? [] : [{ ...routed, filterChainMatch: within(kept) }];
  return encodeListener({
    ...handedOver(name, '0.0.0.0', port),
    ...inspection('tls', chains),
    ...withDefault([...own, ...chains], last ?? { filters: [onward] }),
  });
}

export function httpListenerName(port: number): string {
  return `0.0.0.0_${port}`;
}

/** The listener of one address of a service, for what cannot be told apart by authority. */
export function serviceListener(
  { host }: MeshService,
  address: string,
  port: MeshPort,
  { chains, rest }: OpaqueChains,
): Encoded {
  const name = `${address}_${port.number}`;
  const listener = { ...handedOver(name, address, port.number), ...inspection(port.protocol, chains) };
  if (port.protocol !== 'detect') {
    return encodeListener({
      ...listener,
      ...withDefault(chains, rest),
    });
  }
  const http: FilterChain = {
    filterChainMatch: { applicationProtocols: HTTP_PROTOCOLS },
    filters: [httpOverRds(`outbound_${name}`, detectedRoutesName(host, port.number))],
  };
  return encodeListener({ ...listener, filterChains: [http, ...chains], defaultFilterChain: rest });
}

function withDefault(chains: readonly FilterChain[], rest: FilterChain): ListenerInit {
  return chains.length === 0
    ? { filterChains: [rest] }
    : { filterChains: [...chains], defaultFilterChain: rest };
}

/** What must be known of a connection before its chain can be chosen. */
function inspection(protocol: MeshPort['protocol'], chains: readonly FilterChain[]): ListenerInit {
  const byName = chains.some(({ filterChainMatch }) => filterChainMatch?.transportProtocol === 'tls');
  const inspectors = [...(byName ? [TLS_INSPECTOR] : []), ...(protocol === 'detect' ? [HTTP_INSPECTOR] : [])];
  if (inspectors.length === 0) return {};
  return {
    listenerFilters: inspectors,
    listenerFiltersTimeout: durationOf(DETECTION_TIMEOUT_MS),
    continueOnListenerFiltersTimeout: true,
  };
}

/** Name of the route configuration of a port whose protocol is detected. */
export function detectedRoutesName(host: string, port: number): string {
  return `${host}:${port}`;
}

function handedOver(name: string, address: string, port: number): ListenerInit {
  return {
    name,
    address: tcpAddress(address, port),
    bindToPort: false,
    trafficDirection: TrafficDirection.OUTBOUND,
  };
}

function encodeListener(init: ListenerInit): Encoded {
  return encode(ListenerSchema, init.name ?? '', create(ListenerSchema, init));
}
