/** The part of Envoy's config dump that the tables read; everything else passes through untouched. */
import { z } from 'zod';

const SocketAddress = z.looseObject({
  socket_address: z
    .looseObject({ address: z.string().default(''), port_value: z.number().optional() })
    .optional(),
});

const StringMatch = z.looseObject({
  exact: z.string().optional(),
  prefix: z.string().optional(),
  safe_regex: z.looseObject({ regex: z.string() }).optional(),
});

const Route = z.looseObject({
  name: z.string().optional(),
  match: z
    .looseObject({
      prefix: z.string().optional(),
      path: z.string().optional(),
      path_separated_prefix: z.string().optional(),
      safe_regex: z.looseObject({ regex: z.string() }).optional(),
      headers: z
        .array(
          z.looseObject({
            name: z.string(),
            string_match: StringMatch.optional(),
            present_match: z.boolean().optional(),
            invert_match: z.boolean().optional(),
          }),
        )
        .default([]),
    })
    .default({ headers: [] }),
  route: z
    .looseObject({
      cluster: z.string().optional(),
      weighted_clusters: z
        .looseObject({
          clusters: z.array(z.looseObject({ name: z.string(), weight: z.number().default(0) })),
        })
        .optional(),
      timeout: z.string().optional(),
    })
    .optional(),
  direct_response: z.looseObject({ status: z.number().optional() }).optional(),
});
export type Route = z.infer<typeof Route>;

const RouteConfiguration = z.looseObject({
  name: z.string().default(''),
  virtual_hosts: z
    .array(
      z.looseObject({
        name: z.string(),
        domains: z.array(z.string()).default([]),
        routes: z.array(Route).default([]),
      }),
    )
    .default([]),
});

const FilterChain = z.looseObject({
  name: z.string().optional(),
  filter_chain_match: z.looseObject({ destination_port: z.number().optional() }).optional(),
  filters: z
    .array(
      z.looseObject({
        name: z.string(),
        typed_config: z
          .looseObject({
            cluster: z.string().optional(),
            rds: z.looseObject({ route_config_name: z.string().optional() }).optional(),
            route_config: z.looseObject({ name: z.string().optional() }).optional(),
          })
          .optional(),
      }),
    )
    .default([]),
});

const Listener = z.looseObject({
  name: z.string().default(''),
  address: SocketAddress.optional(),
  traffic_direction: z.string().optional(),
  filter_chains: z.array(FilterChain).default([]),
  default_filter_chain: FilterChain.optional(),
});
export type Listener = z.infer<typeof Listener>;

const Cluster = z.looseObject({ name: z.string(), type: z.string().optional() });

const LiveCluster = z.looseObject({
  name: z.string(),
  policy: z.string().default(''),
  endpoints: z
    .array(
      z.looseObject({
        address: z.string(),
        workload: z.string().default(''),
        active: z.number().default(0),
        latency_ms: z.number().default(0),
        failure_share: z.number().default(0),
        health_flags: z.string().default('healthy'),
      }),
    )
    .default([]),
});
export type LiveCluster = z.infer<typeof LiveCluster>;

export interface Dump {
  readonly listeners: readonly Listener[];
  readonly routes: readonly z.infer<typeof RouteConfiguration>[];
  readonly clusters: readonly z.infer<typeof Cluster>[];
  readonly live: readonly LiveCluster[];
}

const Configs = z.looseObject({ configs: z.array(z.looseObject({ '@type': z.string() })) });

/** The section of the dump whose type ends so, as the sidecar said it. */
export function sectionOf(dump: unknown, suffix: string): Record<string, unknown> | undefined {
  return Configs.parse(dump).configs.find((config) => config['@type'].endsWith(suffix));
}

export function readDump(dump: unknown): Dump {
  const entries = (suffix: string, field: string): Record<string, unknown>[] =>
    (sectionOf(dump, suffix)?.[field] as Record<string, unknown>[] | undefined) ?? [];
  return {
    listeners: entries('ListenersConfigDump', 'dynamic_listeners').map((entry) =>
      Listener.parse((entry['active_state'] as { listener?: unknown } | undefined)?.listener),
    ),
    routes: entries('RoutesConfigDump', 'dynamic_route_configs').map((entry) =>
      RouteConfiguration.parse(entry['route_config']),
    ),
    clusters: entries('ClustersConfigDump', 'dynamic_active_clusters').map((entry) =>
      Cluster.parse(entry['cluster']),
    ),
    live: entries('weft.LiveClusters', 'clusters').map((entry) => LiveCluster.parse(entry)),
  };
}
