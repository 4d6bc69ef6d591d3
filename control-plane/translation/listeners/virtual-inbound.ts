import { create } from '@bufbuild/protobuf';
import { SIDECAR_PORTS } from '#api/mesh/ports.ts';
import { limitsOf, type WorkloadLimits } from '#api/mesh/workload-limits.ts';
import { TrafficDirection } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import type {
  FilterChainSchema,
  ListenerFilterChainMatchPredicateSchema,
} from '#api/xds/gen/envoy/config/listener/v3/listener_components_pb.js';
import { ListenerSchema } from '#api/xds/gen/envoy/config/listener/v3/listener_pb.js';
import { INBOUND_PASSTHROUGH_CLUSTER, inboundCluster, VIRTUAL_INBOUND } from '#api/xds/names.ts';
import { tcpAddress } from '../address.ts';
import { type Encoded, encode } from '../encoded.ts';
import { durationOf, type Init } from '../message.ts';
import type { InboundPort } from '../model/inbound-ports.ts';
import { passthroughAction } from '../routes/route-action.ts';
import { MATCH_ALL } from '../routes/route-match.ts';
import { connectionFilters, managerLimits } from './connection-limits.ts';
import {
  DETECTION_TIMEOUT_MS,
  type Filter,
  HTTP_INSPECTOR,
  HTTP_PROTOCOLS,
  httpInline,
  type ListenerFilter,
  ORIGINAL_DESTINATION,
  tcpProxy,
} from './filters.ts';
import { limitFilters } from './limit-filters.ts';

type FilterChain = Init<typeof FilterChainSchema>;
type PortPredicate = Init<typeof ListenerFilterChainMatchPredicateSchema>;

const NO_LIMITS = limitsOf();

/**
 * Where every connection to the pod arrives: one filter chain for each port that the app is known by. `limits` hold on
 * each of them: each chain counts for itself.
 */
export function virtualInbound(
  ports: readonly Pick<InboundPort, 'number' | 'protocol'>[],
  limits: WorkloadLimits = NO_LIMITS,
): Encoded {
  const detected = ports.filter(({ protocol }) => protocol === 'detect').map(({ number }) => number);
  const listener = create(ListenerSchema, {
    name: VIRTUAL_INBOUND,
    address: tcpAddress('0.0.0.0', SIDECAR_PORTS.inbound),
    trafficDirection: TrafficDirection.INBOUND,
    listenerFilters: [ORIGINAL_DESTINATION, ...(detected.length === 0 ? [] : [inspectorFor(detected)])],
    listenerFiltersTimeout: durationOf(DETECTION_TIMEOUT_MS),
    continueOnListenerFiltersTimeout: true,
    filterChains: ports.flatMap((port) => chainsFor(port, limits)),
    defaultFilterChain: {
      name: 'virtualInbound-catchall-tcp',
      filters: [tcpProxy(INBOUND_PASSTHROUGH_CLUSTER)],
    },
  });
  return encode(ListenerSchema, VIRTUAL_INBOUND, listener);
}

function chainsFor(
  { number, protocol }: Pick<InboundPort, 'number' | 'protocol'>,
  limits: WorkloadLimits,
): FilterChain[] {
  const name = `0.0.0.0_${number}`;
  const first = connectionFilters(`inbound_${name}`, limits.connections);
  const opaque: FilterChain = {
    name,
    filterChainMatch: { destinationPort: number },
    filters: [...first, tcpProxy(inboundCluster(number))],
  };
  switch (protocol) {
    case 'tcp':
    case 'tls':
      return [opaque];
    case 'http':
      return [{ ...opaque, filters: [...first, inboundHttp(number, limits)] }];
    case 'detect':
      return [
        {
          name: `${name}_http`,
          filterChainMatch: { destinationPort: number, applicationProtocols: HTTP_PROTOCOLS },
          filters: [...first, inboundHttp(number, limits)],
        },
        opaque,
      ];
  }
}

/** The caller's sidecar has routed already: here everything goes to the app. */
function inboundHttp(port: number, limits: WorkloadLimits): Filter {
  const cluster = inboundCluster(port);
  const routes: Parameters<typeof httpInline>[1] = {
    name: cluster,
    virtualHosts: [
      {
        name: `inbound|http|${port}`,
        domains: ['*'],
        routes: [
          {
            name: 'default',
            match: MATCH_ALL,
            action: { case: 'route', value: passthroughAction(cluster) },
          },
        ],
      },
    ],
  };
  const name = `inbound_0.0.0.0_${port}`;
  return httpInline(name, routes, limitFilters(limits), managerLimits(limits.connections));
}

/** Inspection holds a connection back until the client speaks, so only the ports that need it get it. */
function inspectorFor(ports: readonly number[]): ListenerFilter {
  const rules = ports.map(onPort);
  const any: PortPredicate = rules.length === 1 ? rules[0]! : { rule: { case: 'orMatch', value: { rules } } };
  return { ...HTTP_INSPECTOR, filterDisabled: { rule: { case: 'notMatch', value: any } } };
}

function onPort(port: number): PortPredicate {
  return { rule: { case: 'destinationPortRange', value: { start: port, end: port + 1 } } };
}
