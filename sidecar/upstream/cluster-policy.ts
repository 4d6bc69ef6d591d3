import type { BalancerPolicy } from './balancer.ts';
import type { ServiceIdentity } from './cluster.ts';

/** What a Cluster resource says, as plain values: the part of a cluster that an EDS update does not touch. */
export interface ClusterPolicy {
  readonly name: string;
  readonly service: ServiceIdentity;
  readonly connectTimeoutMs: number;
  readonly balancer: BalancerPolicy;
  /** Source address of upstream connections. */
  readonly localAddress: string | undefined;
}
