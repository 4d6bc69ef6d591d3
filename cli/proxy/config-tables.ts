/** What a sidecar runs, as tables for people. Pure. */
import { parseClusterName } from '#api/xds/names.ts';
import { formatData } from '../output/objects.ts';
import { formatTable } from '../output/table.ts';
import { type Dump, type Listener, type Route, readDump, sectionOf } from './dump.ts';

export const SECTIONS = ['listeners', 'routes', 'clusters', 'endpoints'] as const;
export type Section = (typeof SECTIONS)[number];

const DUMP_SECTIONS: Readonly<Record<Section, string>> = {
  listeners: 'ListenersConfigDump',
  routes: 'RoutesConfigDump',
  clusters: 'ClustersConfigDump',
  endpoints: 'EndpointsConfigDump',
};

export function printConfig(
  dump: unknown,
  section: Section | undefined,
  format: 'json' | 'yaml' | undefined,
): string {
  if (format !== undefined)
    return formatData(section === undefined ? dump : sectionOf(dump, DUMP_SECTIONS[section]), format);
  const read = readDump(dump);
  if (section !== undefined) return TABLES[section](read);
  return SECTIONS.map((name) => `${name.toUpperCase()}\n${TABLES[name](read)}`).join('\n');
}

const TABLES: Readonly<Record<Section, (dump: Dump) => string>> = {
  listeners: ({ listeners }) =>
    formatTable(['Name', 'Address', 'Port', 'Match', 'Destination'], listeners.flatMap(listenerRows)),
  routes: ({ routes }) =>
    formatTable(
      ['Route', 'Service', 'Match', 'Destination', 'Timeout'],
      routes.flatMap((config) =>
        config.virtual_hosts.flatMap((host) =>
          host.routes.map((route) => [
            config.name,
            host.name,
            matchOf(route),
            destinationOf(route),
            timeoutOf(route),
          ]),
        ),
      ),
    ),
  clusters: ({ clusters, live }) =>
    formatTable(
      ['Service', 'Port', 'Subset', 'Direction', 'Balancing', 'Endpoints'],
      clusters.map(({ name }) => {
        const parsed = parseClusterName(name);
        const found = live.find((cluster) => cluster.name === name);
        const balancing = [found?.policy ?? '', found === undefined ? '' : String(found.endpoints.length)];
        if (parsed === undefined) return [name, '-', '-', '-', ...balancing];
        return [
          parsed.host || '-',
          String(parsed.port),
          parsed.subset || '-',
          parsed.direction,
          ...balancing,
        ];
      }),
    ),
  endpoints: ({ live }) =>
    formatTable(
      ['Endpoint', 'Workload', 'Cluster', 'Outlier check', 'Latency', 'Failing', 'Active'],
      live.flatMap((cluster) =>
        cluster.endpoints.map((endpoint) => [
          endpoint.address,
          endpoint.workload || '-',
          cluster.name,
          outlierCheck(endpoint.health_flags),
          `${endpoint.latency_ms.toFixed(1)}ms`,
          `${Math.round(endpoint.failure_share * 100)}%`,
          String(endpoint.active),
        ]),
      ),
    ),
};

/** As `istioctl proxy-config endpoints` says it, and apart from it those that are to prove themselves. */
function outlierCheck(healthFlags: string): string {
  if (healthFlags === 'healthy') return 'OK';
  return healthFlags.includes('on_trial') ? 'TRIAL' : 'FAILED';
}

function listenerRows(listener: Listener): string[][] {
  const { address = '', port_value } = listener.address?.socket_address ?? {};
  const chains = [
    ...listener.filter_chains,
    ...(listener.default_filter_chain === undefined ? [] : [listener.default_filter_chain]),
  ];
  return chains.map((chain) => {
    const config = chain.filters.at(-1)?.typed_config;
    const port = chain.filter_chain_match?.destination_port;
    const route = config?.rds?.route_config_name ?? config?.route_config?.name;
    const destination = route === undefined ? `Cluster: ${config?.cluster ?? '?'}` : `Route: ${route}`;
    return [
      listener.name,
      address,
      String(port_value ?? ''),
      port === undefined ? 'ALL' : `port ${port}`,
      destination,
    ];
  });
}

function matchOf({ match }: Route): string {
  const path =
    match.path ??
    (match.prefix !== undefined
      ? `${match.prefix}*`
      : match.path_separated_prefix !== undefined
        ? `${match.path_separated_prefix}/*`
        : match.safe_regex !== undefined
          ? `~${match.safe_regex.regex}`
          : '*');
  return [path, ...match.headers.map(headerOf)].join(' ');
}

function headerOf(header: Route['match']['headers'][number]): string {
  const { exact, prefix, safe_regex } = header.string_match ?? {};
  const value =
    exact ??
    (prefix !== undefined ? `${prefix}*` : safe_regex !== undefined ? `~${safe_regex.regex}` : 'present');
  return `${header.name}${header.invert_match ? '!' : ''}=${value}`;
}

function destinationOf({ route, direct_response }: Route): string {
  if (direct_response !== undefined) return `status ${direct_response.status ?? ''}`;
  const weighted = route?.weighted_clusters?.clusters;
  if (weighted === undefined) return shortName(route?.cluster ?? '');
  const total = weighted.reduce((sum, cluster) => sum + cluster.weight, 0);
  return weighted
    .map(({ name, weight }) => `${shortName(name)} ${Math.round((100 * weight) / Math.max(1, total))}%`)
    .join(', ');
}

/** `reviews.default.svc.cluster.local v2` for `outbound|9080|v2|reviews.default.svc.cluster.local`. */
function shortName(cluster: string): string {
  const parsed = parseClusterName(cluster);
  if (parsed === undefined || parsed.host === '') return cluster;
  return parsed.subset === '' ? parsed.host : `${parsed.host} ${parsed.subset}`;
}

function timeoutOf({ route }: Route): string {
  const timeout = route?.timeout;
  return timeout === undefined || timeout === '0s' ? '-' : timeout;
}
