import type { ConcurrencyLimitPolicy } from '#sidecar/http/concurrency-limit.ts';
import type { LocalRateLimitPolicy } from '#sidecar/http/local-rate-limit.ts';
import type { ServerLimits } from '#sidecar/http/server-limits.ts';
import type { RouteTable } from '#sidecar/routing/route-table.ts';
import type { DownstreamTls } from '#sidecar/security/downstream-tls.ts';
import type { OpaquePolicy } from '#sidecar/tcp/opaque-policy.ts';
import type { ObservationSpec } from '#sidecar/telemetry/observers.ts';
import type { ListenerChains } from './listener-chains.ts';

/** Where a chain's routes come from. */
export type RouteSource =
  | { readonly kind: 'rds'; readonly name: string }
  | { readonly kind: 'inline'; readonly table: RouteTable };

/** Clusters that share the connections of a chain; the weights sum up to more than 0. */
export interface WeightedCluster {
  readonly name: string;
  readonly weight: number;
}

/** What Envoy's tcp_proxy does. */
export interface TcpSpec {
  readonly clusters: readonly WeightedCluster[];
  readonly policy: OpaquePolicy;
  /** Its tracing is undefined. Absent: by Istio's standard metrics alone. */
  readonly observation?: ObservationSpec | undefined;
}

/** What Envoy's connection manager does. */
export interface HttpSpec {
  readonly routes: RouteSource;
  /** The client's address is taken from the connection, and told on in x-forwarded-for (use_remote_address). */
  readonly edge: boolean;
  /** Where the edge is, requests keep the x-request-id that they come with (preserve_external_request_id). */
  readonly preserveRequestId?: boolean;
  /** In front of the routes, one after the other. */
  readonly rateLimit: LocalRateLimitPolicy | undefined;
  readonly concurrency?: ConcurrencyLimitPolicy | undefined;
  readonly limits: ServerLimits;
  readonly observation?: ObservationSpec | undefined;
}

/** What happens to a connection, in names: the live clusters and routes are looked up when it comes. */
export type TargetSpec = {
  /** For metrics and logs. */
  readonly name: string;
  /** Which chain of which listener, where something is counted that other versions of it go on counting. */
  readonly chain?: string | undefined;
  /** How many connections may be open at once; undefined is any number. */
  readonly maxConnections?: number | undefined;
  /** TLS that ends here. */
  readonly tls: DownstreamTls | undefined;
} & (
  | { readonly protocol: 'http'; readonly http: HttpSpec }
  | { readonly protocol: 'tcp'; readonly tcp: TcpSpec }
  | { readonly protocol: 'detect'; readonly http: HttpSpec; readonly tcp: TcpSpec }
);

/** A Listener resource that can be run. */
export interface ListenerSpec {
  readonly kind: /** Outbound connections that no other listener wants. */
    | 'virtual-outbound'
    /** Outbound connections to one address and port. */
    | 'outbound'
    | 'virtual-inbound'
    /** Connections that come to the listener's own address and port (`bind_to_port`). */
    | 'bound';
  readonly name: string;
  /** '' is any. */
  readonly address: string;
  readonly port: number;
  readonly chains: ListenerChains;
}

/** The route configurations that a listener waits for. */
export function routeNamesOf({ chains }: ListenerSpec): string[] {
  return chains.targets.flatMap((target) =>
    target.protocol !== 'tcp' && target.http.routes.kind === 'rds' ? [target.http.routes.name] : [],
  );
}

/** The clusters that a listener sends connections to without routes. */
export function clusterNamesOf({ chains }: ListenerSpec): string[] {
  return chains.targets.flatMap((target) =>
    target.protocol === 'http' ? [] : target.tcp.clusters.map(({ name }) => name),
  );
}
