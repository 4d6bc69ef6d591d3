import { toJsonString } from '@bufbuild/protobuf';
import {
  type Filter,
  type FilterChain,
  type FilterChainMatch,
  FilterChainMatchSchema,
  FilterChainSchema,
} from '#api/xds/gen/envoy/config/listener/v3/listener_components_pb.js';
import type { StatsSpec } from '#sidecar/telemetry/stats-spec.ts';
import { acceptConnectionLimit } from './accept-connection-limit.ts';
import { acceptDownstreamTls } from './accept-downstream-tls.ts';
import { acceptFilter, type FilterContext, type Terminal } from './accept-filter.ts';
import { acceptStats } from './accept-stats.ts';
import type { ChainMatch, Transport } from './chain-tree.ts';
import { acceptPrefix } from './ip-prefix.ts';
import { type Chain, HTTP_PROTOCOLS } from './listener-chains.ts';
import type { Place } from './refusals.ts';

/** What a chain is read with. */
export interface ChainContext extends FilterContext {
  /** The listener's name. */
  readonly listener: string;
  /** ClientHellos are read (the tls_inspector). */
  readonly inspectsTls: boolean;
}

const CHAIN_FIELDS = new Set(['name', 'filter_chain_match', 'filters', 'metadata', 'transport_socket']);
const MATCH_FIELDS = new Set([
  'destination_port',
  'prefix_ranges',
  'server_names',
  'transport_protocol',
  'application_protocols',
]);

const ALL: ChainMatch = {
  port: undefined,
  prefixes: [],
  serverNames: [],
  transport: undefined,
  protocols: [],
};

export function acceptChain(chain: FilterChain, context: ChainContext, place: Place): Chain | undefined {
  place.allow(FilterChainSchema, chain, CHAIN_FIELDS);
  const match =
    chain.filterChainMatch === undefined
      ? ALL
      : acceptMatch(chain.filterChainMatch, context, place.in('filter_chain_match'));
  const [first, second] = chain.filters;
  const maxConnections =
    first === undefined ? undefined : acceptConnectionLimit(first, place.in('filters[0]'));
  const limits = maxConnections === undefined ? 0 : 1;
  const counter = limits === 0 ? first : second;
  const stats =
    counter === undefined ? undefined : acceptStatsFilter(counter, place.in(`filters[${limits}]`));
  const at = stats === undefined ? limits : limits + 1;
  const [filter, ...more] = chain.filters.slice(at);
  if (filter === undefined) place.in('filters').refuse('must end with what carries connections');
  for (const { name } of more) place.in('filters').refuse(`${name}: a second filter is not supported`);
  const terminal =
    filter === undefined ? undefined : acceptFilter(filter, stats, context, place.in(`filters[${at}]`));
  const tls =
    chain.transportSocket === undefined
      ? undefined
      : acceptDownstreamTls(
          chain.transportSocket,
          { readFile: context.readFile, opaque: terminal?.protocol === 'tcp' },
          place.in('transport_socket'),
        );
  if (terminal === undefined) return undefined;
  const name = match.port === undefined ? context.listener : `${context.listener}:${match.port}`;
  const counts = maxConnections !== undefined || countsRequests(terminal);
  const identity = counts ? identityOf(chain, context) : undefined;
  return { match, target: { name, chain: identity, maxConnections, tls, ...terminal } };
}

function acceptStatsFilter({ configType }: Filter, place: Place): StatsSpec | undefined {
  return configType.case === 'typedConfig' ? acceptStats(configType.value, place) : undefined;
}

function countsRequests(terminal: Terminal): boolean {
  if (terminal.protocol === 'tcp') return false;
  const { rateLimit, concurrency } = terminal.http;
  return rateLimit !== undefined || concurrency !== undefined;
}

/** No two chains of a listener have the same match. Only those that count something are asked who they are. */
function identityOf({ filterChainMatch: match }: FilterChain, { listener }: ChainContext): string {
  return match === undefined ? listener : `${listener} ${toJsonString(FilterChainMatchSchema, match)}`;
}

function acceptMatch(match: FilterChainMatch, context: ChainContext, place: Place): ChainMatch {
  place.allow(FilterChainMatchSchema, match, MATCH_FIELDS);
  const transport = acceptTransport(match.transportProtocol, context, place.in('transport_protocol'));
  for (const protocol of match.applicationProtocols) {
    if (!HTTP_PROTOCOLS.has(protocol) && !context.inspectsTls) {
      place.in('application_protocols').refuse(`${protocol} is not supported`);
    }
  }
  return {
    port: match.destinationPort,
    prefixes: match.prefixRanges.map((range, i) => acceptPrefix(range, place.in(`prefix_ranges[${i}]`))),
    serverNames: match.serverNames.map((name) => acceptServerName(name, context, place.in('server_names'))),
    transport,
    protocols: match.applicationProtocols,
  };
}

function acceptTransport(protocol: string, context: ChainContext, place: Place): Transport | undefined {
  if (protocol === '') return undefined;
  if (protocol === 'raw_buffer') return protocol;
  if (protocol !== 'tls') place.refuse(`${protocol} is not supported`);
  else if (!context.inspectsTls) place.refuse('tls can be seen by the tls_inspector listener filter only');
  return 'tls';
}

const SERVER_NAME = /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

/** Exact, or `*.` and a suffix of whole labels, as in Envoy. */
function acceptServerName(name: string, context: ChainContext, place: Place): string {
  const lower = name.toLowerCase();
  if (!SERVER_NAME.test(lower)) place.refuse(`"${name}" is neither a host name nor "*." before one`);
  if (!context.inspectsTls) place.refuse('can be seen by the tls_inspector listener filter only');
  return lower;
}
