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
  /**
   * The endpoint to try next, never one of `excluded` unless there is no other; undefined when there is none at all.
   * `original` is the connection's original destination, which ORIGINAL_DST clusters (passthrough, inbound) go to.
   */
  pick(excluded: readonly Endpoint[], original: OriginalDestination): Endpoint | undefined;
  /** True once the cluster was removed: pools close its idle connections. */
  readonly removed: boolean;
}

export interface OriginalDestination {
  readonly address: string;
  readonly port: number;
}
