import type { ConcurrencyLimitPolicy } from '#sidecar/http/concurrency-limit.ts';
import type { LocalRateLimitPolicy } from '#sidecar/http/local-rate-limit.ts';
import type { ServerLimits } from '#sidecar/http/server-limits.ts';
import type { ClientHello } from '#sidecar/intercept/client-hello.ts';
import type { RouteTable } from '#sidecar/routing/route-table.ts';
import type { DownstreamTls } from '#sidecar/security/downstream-tls.ts';
import type { OpaquePolicy } from '#sidecar/tcp/opaque-policy.ts';
import type { ObservationSpec } from '#sidecar/telemetry/observers.ts';
import type { Cluster } from '#sidecar/upstream/cluster.ts';
import type { Lookup } from './lookup.ts';

/** What to do with a connection. */
export interface ListenerTarget {
  /** `detect`: HTTP when the first bytes look like it, opaque otherwise (also when the server speaks first). */
  readonly protocol: 'http' | 'tcp' | 'detect';
  /** For http and detect. Looked up per request, so that a pushed route takes effect on open connections. */
  readonly routes: () => Lookup<RouteTable>;
  /** For tcp and detect: where this connection goes. Drawn anew at each call when several clusters share connections. */
  readonly cluster: () => Lookup<Cluster>;
  /** For metrics and logs. */
  readonly name: string;
  /** TLS that ends here: what comes within it is of that protocol, and its requests have the scheme https. */
  readonly tls?: DownstreamTls | undefined;
  /** For tcp and detect; absent is `DEFAULT_OPAQUE_POLICY`. */
  readonly opaque?: OpaquePolicy | undefined;
  /** For http: this is where requests enter the mesh (Envoy's use_remote_address). */
  readonly edge?: boolean | undefined;
  /** For http at the edge: requests keep the x-request-id that they come with. */
  readonly preserveRequestId?: boolean | undefined;
  /** How requests are seen from outside, and how opaque connections are; absent: by Istio's standard metrics alone. */
  readonly observation?: ObservationSpec | undefined;
  readonly opaqueObservation?: ObservationSpec | undefined;
  /** For http: how many requests all connections to this target may make. */
  readonly rateLimit?: LocalRateLimitPolicy | undefined;
  /** For http: how many requests of all connections to this target may be under way at once. */
  readonly concurrency?: ConcurrencyLimitPolicy | undefined;
  /** For http: what it allows each of its connections; absent is `MESH_LIMITS`. */
  readonly limits?: ServerLimits | undefined;
  /** How many connections may be open to all versions of this target; absent is any number. */
  readonly maxConnections?: number | undefined;
  /** Targets of one chain are versions of each other: what counts for a limit that did not change counts on. */
  readonly chain?: string | undefined;
}

/** What to do with the connections to one destination. */
export interface FilterChains {
  /** With those that do not begin with a ClientHello, and with all of them when nobody has to look. Undefined: refuse them. */
  readonly plain: ListenerTarget | undefined;
  /** With those that do. Absent: nobody has to look. */
  readonly hello?: ((hello: ClientHello) => ListenerTarget | undefined) | undefined;
}

/** An address that connections come to without having been redirected. */
export interface BoundListener {
  readonly name: string;
  /** '' is any. */
  readonly address: string;
  readonly port: number;
  chains(address: string, port: number): Lookup<FilterChains>;
}

/**
 * The sidecar's configuration as one immutable picture: replaced whole by discovery, read by everybody else
 * through `Watchable<Snapshot>.value` at the moment of use.
 */
export interface Snapshot {
  /** By original destination: exact address and port, then any address with that port, then the virtual listener. */
  outbound(address: string, port: number): Lookup<FilterChains>;
  /** By the address and container port that the connection was made to. */
  inbound(address: string, port: number): Lookup<FilterChains>;
  readonly bound: readonly BoundListener[];
  /** Whether connections still come to this target: those that it has may else end. */
  readonly serves: (target: ListenerTarget) => boolean;
}
