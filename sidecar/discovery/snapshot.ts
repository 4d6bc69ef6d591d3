import type { RouteTable } from '#sidecar/routing/route-table.ts';
import type { Cluster } from '#sidecar/upstream/cluster.ts';
import type { Lookup } from './lookup.ts';

/** What to do with a captured connection. */
export interface ListenerTarget {
  /** `detect`: HTTP when the first bytes look like it, opaque otherwise (also when the server speaks first). */
  readonly protocol: 'http' | 'tcp' | 'detect';
  /** For http and detect. Looked up per request, so that a pushed route takes effect on open connections. */
  readonly routes: () => Lookup<RouteTable>;
  /** For tcp and detect. */
  readonly cluster: () => Lookup<Cluster>;
  /** For metrics and logs. */
  readonly name: string;
}

/**
 * The sidecar's configuration as one immutable picture: replaced whole by discovery, read by everybody else
 * through `Watchable<Snapshot>.value` at the moment of use.
 */
export interface Snapshot {
  /** By original destination: exact address and port, then any address with that port, then the virtual listener. */
  outbound(address: string, port: number): Lookup<ListenerTarget>;
  /** By container port, then the passthrough chain. */
  inbound(port: number): Lookup<ListenerTarget>;
}
