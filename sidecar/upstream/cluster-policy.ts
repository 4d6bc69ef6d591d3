import type { BalancerPolicy } from './balancer.ts';
import type { CircuitBreakerLimits } from './circuit-breakers.ts';
import type { ConnectionSettings, ServiceIdentity } from './cluster.ts';
import type { LocalityPolicy } from './locality/locality-policy.ts';
import type { OutlierPolicy } from './outlier/outlier-policy.ts';

/** What a Cluster resource says, as plain values: the part of a cluster that an EDS update does not touch. */
export interface ClusterPolicy {
  readonly name: string;
  readonly service: ServiceIdentity;
  readonly connectTimeoutMs: number;
  readonly balancer: BalancerPolicy;
  /** How priorities and localities share the traffic. */
  readonly locality: LocalityPolicy;
  /** Undefined ejects nobody. */
  readonly outlier: OutlierPolicy | undefined;
  readonly limits: CircuitBreakerLimits;
  readonly connections: ConnectionSettings;
  /** Source address of upstream connections. */
  readonly localAddress: string | undefined;
}

/** Connections as weft keeps them when nothing is said. */
export const DEFAULT_CONNECTIONS: ConnectionSettings = {
  maxRequests: 0,
  idleTimeoutMs: 30_000,
  maxDurationMs: 0,
  keepAliveMs: 0,
  tls: undefined,
};
