import type { CircuitBreakers } from './circuit-breakers.ts';
import type { Endpoint } from './endpoint.ts';

/** What a cluster is for, for metrics: Istio's destination_service labels. */
export interface ServiceIdentity {
  readonly host: string;
  readonly name: string;
  readonly namespace: string;
}

/**
 * A named set of endpoints with a balancer. Immutable to its readers but for its endpoints, which an EDS update
 * replaces in place, keeping what the balancer knows of those that stay.
 */
export interface Cluster {
  readonly name: string;
  readonly service: ServiceIdentity;
  readonly connectTimeoutMs: number;
  /** How many connections, waiting requests, requests and retries may be under way; outlives an update. */
  readonly breakers: CircuitBreakers;
  /** How connections to the endpoints are made and kept. */
  readonly connections: ConnectionSettings;
  /**
   * The endpoint to try next, never one of `excluded` unless there is no other; undefined when there is none at all.
   * Allocates nothing on the common path.
   */
  pick(context: PickContext): Endpoint | undefined;
  /** True once the cluster was removed: pools close its idle connections. */
  readonly removed: boolean;
}

/** What the choice of an endpoint may depend on. Reused from request to request: not to be kept. */
export interface PickContext {
  /** Endpoints that were tried already. */
  readonly excluded: readonly Endpoint[];
  /** The connection's original destination, which ORIGINAL_DST clusters (passthrough, inbound) go to. */
  readonly original: OriginalDestination;
  /** For ring hash and maglev: 32 bits, unsigned; undefined draws at random, as in Envoy. */
  readonly hash: number | undefined;
}

export interface ConnectionSettings {
  /** Requests after which a connection is closed; 0 is no limit (Envoy's max_requests_per_connection). */
  readonly maxRequests: number;
  /** Idle time after which a connection is closed, milliseconds; 0 is never. */
  readonly idleTimeoutMs: number;
  /** Time after which a connection is closed, milliseconds; 0 is never. */
  readonly maxDurationMs: number;
  /** TCP keep-alive: idle time before the first probe, milliseconds; 0 is off. */
  readonly keepAliveMs: number;
  /** Time between two probes, milliseconds, and how many go unanswered before the connection is given up; absent: the system's. */
  readonly keepAliveIntervalMs?: number;
  readonly keepAliveProbes?: number;
  /** TLS towards the endpoints; undefined is plain. */
  readonly tls: UpstreamTls | undefined;
}

/** Envoy's UpstreamTlsContext, as far as it is supported. Compared by value when a cluster is updated. */
export interface UpstreamTls {
  /** Server name to send; '' sends none. */
  readonly sni: string;
  readonly alpn: readonly string[];
  /** Trusted authorities as PEM; undefined: the system's; '' verifies nothing. */
  readonly ca: string | undefined;
  /** Client certificate and key as PEM. */
  readonly certificate: { readonly chain: string; readonly key: string } | undefined;
  /** One of these must be in the server's certificate; none: `sni` must. */
  readonly subjectAltNames: readonly string[];
}

export interface OriginalDestination {
  readonly address: string;
  readonly port: number;
  /** It came to a listener that this proxy binds: it was going nowhere else. */
  readonly bound?: true;
}
