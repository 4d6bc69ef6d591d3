import type { Cluster } from './cluster.ts';

/** The clusters that can be used now, by name. Routes ask at each request: a cluster may come and go meanwhile. */
export interface ClusterDirectory {
  get(name: string): Cluster | undefined;
}
