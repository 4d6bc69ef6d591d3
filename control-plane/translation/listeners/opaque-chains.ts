/**
 * How a service's connections that are not HTTP are told apart: by the name in the TLS greeting, by the address that
 * they were going to, or not at all. Conditions about the reader are decided here (Istio `tcp` and `tls` routes).
 */
import type { RouteDestination } from '#api/kinds/virtual-service.ts';
import type {
  FilterChainMatchSchema,
  FilterChainSchema,
} from '#api/xds/gen/envoy/config/listener/v3/listener_components_pb.js';
import { outboundCluster } from '#api/xds/names.ts';
import { cidrRange } from '../address.ts';
import type { Init } from '../message.ts';
import { keyOf } from '../model/host-match.ts';
import type { MeshPort, MeshService } from '../model/mesh-service.ts';
import { type DestinationContext, destinationCluster, destinationPort } from '../routes/destination.ts';
import { isAddressedTo, isL4MatchFor, type Reader } from '../routes/reader.ts';
import type { ResolvedRule } from '../routes/resolved-rule.ts';
import { ruleMetadata } from '../routes/rule-routes.ts';
import { type Filter, tcpProxy, weightedTcpProxy } from './filters.ts';
import { type OpaqueLimits, opaqueLimits } from './opaque-limits.ts';

export type FilterChain = Init<typeof FilterChainSchema>;
type Match = Init<typeof FilterChainMatchSchema>;

export interface OpaqueChains {
  /** For some of the connections. */
  readonly chains: readonly FilterChain[];
  /** For the rest. */
  readonly rest: FilterChain;
}

export function opaqueChains(
  service: MeshService,
  port: MeshPort,
  rules: readonly ResolvedRule[],
  context: DestinationContext,
  reader: Reader,
): OpaqueChains {
  const mine = rules.filter((rule) => isAddressedTo(rule.rule, rule.gateways, reader));
  const itself = { host: service.host, subset: '', port: port.number };
  const limits = opaqueLimits(itself, context, reader);
  const own: FilterChain = { filters: [tcpProxy(outboundCluster(port.number, '', service.host), limits)] };
  if (port.protocol === 'tls') return { chains: tlsChains(mine, port.number, context, reader), rest: own };
  const { chains, rest } = tcpChains(mine, port.number, context, reader);
  return { chains, rest: rest ?? own };
}

/** Where a gateway's opaque connections to a port go. Undefined when no rule says it. */
export function opaqueRoute(
  rules: readonly ResolvedRule[],
  port: number,
  context: DestinationContext,
  reader: Reader,
): FilterChain | undefined {
  const mine = rules.filter((rule) => isAddressedTo(rule.rule, rule.gateways, reader));
  return tcpChains(mine, port, context, reader).rest;
}

/** The first of two matches for one name and one address has it: proxies refuse a match that comes twice. */
export function tlsChains(
  rules: readonly ResolvedRule[],
  port: number,
  context: DestinationContext,
  reader: Reader,
): FilterChain[] {
  const taken = new Set<string>();
  return rules.flatMap((rule) =>
    rule.tls.flatMap((route) =>
      route.match
        .filter((match) => isL4MatchFor(match, port, reader))
        .flatMap(({ sniHosts, destinationSubnets = [] }): FilterChain[] => {
          const subnets = [...destinationSubnets].sort();
          const names = sniHosts
            .map((name) => name.toLowerCase())
            .filter((name) => claim(taken, name, subnets));
          if (names.length === 0) return [];
          return [
            chain({ ...tlsMatch(names), ...within(subnets) }, rule, route.route, port, context, reader),
          ];
        }),
    ),
  );
}

/** Up to the first route that takes every address. */
function tcpChains(
  rules: readonly ResolvedRule[],
  port: number,
  context: DestinationContext,
  reader: Reader,
): { chains: FilterChain[]; rest?: FilterChain } {
  const taken = new Set<string>();
  const chains: FilterChain[] = [];
  for (const rule of rules) {
    for (const { match = [], route } of rule.tcp) {
      const mine = match.filter((each) => isL4MatchFor(each, port, reader));
      if (match.length > 0 && mine.length === 0) continue;
      if (mine.length === 0 || mine.some(({ destinationSubnets = [] }) => destinationSubnets.length === 0)) {
        return { chains, rest: chain(undefined, rule, route, port, context, reader) };
      }
      const subnets = mine
        .flatMap(({ destinationSubnets = [] }) => destinationSubnets)
        .filter((subnet) => claim(taken, '', [subnet]));
      if (subnets.length > 0) chains.push(chain(within(subnets), rule, route, port, context, reader));
    }
  }
  return { chains };
}

function claim(taken: Set<string>, name: string, subnets: readonly string[]): boolean {
  const key = `${name} ${subnets.join()}`;
  if (taken.has(key)) return false;
  taken.add(key);
  return true;
}

/** TLS for these names; `*` is any name, which proxies write as none. */
export function tlsMatch(names: readonly string[]): Match {
  return { transportProtocol: 'tls', serverNames: names.includes('*') ? [] : [...names] };
}

export function within(subnets: readonly string[]): Match {
  return subnets.length === 0 ? {} : { prefixRanges: subnets.map(cidrRange) };
}

function chain(
  match: Match | undefined,
  { rule }: ResolvedRule,
  destinations: readonly RouteDestination[],
  port: number,
  context: DestinationContext,
  reader: Reader,
): FilterChain {
  return {
    ...(match === undefined ? {} : { filterChainMatch: match }),
    filters: [proxyTo(keyOf(rule), destinations, port, context, reader)],
    metadata: ruleMetadata(rule),
  };
}

/**
 * Istio: a single destination takes everything; among several, those of weight 0 take nothing. How long a connection
 * may last is one setting of the whole filter: the first destination's rule says it.
 */
function proxyTo(
  statPrefix: string,
  destinations: readonly RouteDestination[],
  port: number,
  context: DestinationContext,
  reader: Reader,
): Filter {
  const [only, ...more] = destinations;
  const limits = only === undefined ? {} : limitsOf(only, port, context, reader);
  if (only !== undefined && more.length === 0) {
    return tcpProxy(destinationCluster(only.destination, port, context), limits);
  }
  const clusters = destinations
    .filter(({ weight }) => (weight ?? 0) > 0)
    .map(({ destination, weight }) => ({
      name: destinationCluster(destination, port, context),
      weight: weight ?? 0,
    }));
  return weightedTcpProxy(statPrefix, clusters, limits);
}

function limitsOf(
  { destination }: RouteDestination,
  requestPort: number,
  context: DestinationContext,
  reader: Reader,
): OpaqueLimits {
  const port = destinationPort(destination, requestPort, context);
  const { host, subset = '' } = destination;
  return opaqueLimits({ host, subset, port }, context, reader);
}
