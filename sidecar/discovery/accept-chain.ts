import {
  type FilterChain,
  type FilterChainMatch,
  FilterChainMatchSchema,
  FilterChainSchema,
} from '#api/xds/gen/envoy/config/listener/v3/listener_components_pb.js';
import type { RouteContext } from '#sidecar/routing/compile-action.ts';
import { acceptFilter, type Terminal } from './accept-filter.ts';
import type { Place } from './refusals.ts';

/** A filter chain that can be run, and which connections it is for. */
export interface Chain {
  /** Undefined is every port. */
  readonly port: number | undefined;
  /** For connections that turned out to speak HTTP only. */
  readonly onlyHttp: boolean;
  readonly terminal: Terminal;
}

/** What the http_inspector calls the protocols that it can see. */
const HTTP_PROTOCOLS = new Set(['http/1.0', 'http/1.1', 'h2c']);

export function acceptChain(chain: FilterChain, context: RouteContext, place: Place): Chain | undefined {
  place.allow(FilterChainSchema, chain, new Set(['name', 'filter_chain_match', 'filters', 'metadata']));
  const match = chain.filterChainMatch;
  const onlyHttp = match !== undefined && acceptMatch(match, place.in('filter_chain_match'));
  const [filter, ...more] = chain.filters;
  if (filter === undefined) place.in('filters').refuse('must not be empty');
  for (const { name } of more) place.in('filters').refuse(`${name}: a second filter is not supported`);
  const terminal = filter === undefined ? undefined : acceptFilter(filter, context, place.in('filters[0]'));
  return terminal === undefined ? undefined : { port: match?.destinationPort, onlyHttp, terminal };
}

function acceptMatch(match: FilterChainMatch, place: Place): boolean {
  place.allow(
    FilterChainMatchSchema,
    match,
    new Set(['destination_port', 'application_protocols', 'transport_protocol']),
  );
  if (match.transportProtocol !== '' && match.transportProtocol !== 'raw_buffer') {
    place.in('transport_protocol').refuse(`${match.transportProtocol} is not supported`);
  }
  for (const protocol of match.applicationProtocols) {
    if (!HTTP_PROTOCOLS.has(protocol)) {
      place.in('application_protocols').refuse(`${protocol} is not supported`);
    }
  }
  return match.applicationProtocols.length > 0;
}
