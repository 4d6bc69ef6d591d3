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
import type { FilterChain, OpaqueChains } from './opaque-chains.ts';

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

export function httpListenerName(port: number): string {
  return `0.0.0.0_${port}`;
}

/**
 * One service's own listener, for what cannot be told apart by authority. Undefined for HTTP and without a VIP.
 */
export function serviceListener(service: MeshService, port: MeshPort, opaque: OpaqueChains): Encoded {
  const { vip = '', host } = service;
  const name = `${vip}_${port.number}`;
  const { chains, rest } = opaque;
  const listener = { ...handedOver(name, vip, port.number), ...inspection(port, chains) };
  if (port.protocol !== 'detect') {
    return encodeListener({
      ...listener,
      ...(chains.length === 0
        ? { filterChains: [rest] }
        : { filterChains: [...chains], defaultFilterChain: rest }),
    });
  }
  const http: FilterChain = {
    filterChainMatch: { applicationProtocols: HTTP_PROTOCOLS },
    filters: [httpOverRds(`outbound_${name}`, detectedRoutesName(host, port.number))],
  };
  return encodeListener({ ...listener, filterChains: [http, ...chains], defaultFilterChain: rest });
}

/** What must be known of a connection before its chain can be chosen. */
function inspection(port: MeshPort, chains: readonly FilterChain[]): ListenerInit {
  const byName = chains.some(({ filterChainMatch }) => filterChainMatch?.transportProtocol === 'tls');
  const inspectors = [
    ...(byName ? [TLS_INSPECTOR] : []),
    ...(port.protocol === 'detect' ? [HTTP_INSPECTOR] : []),
  ];
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
