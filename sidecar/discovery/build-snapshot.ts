import type { RouteTable } from '#sidecar/routing/route-table.ts';
import type { Cluster } from '#sidecar/upstream/cluster.ts';
import type { ClusterDirectory } from '#sidecar/upstream/cluster-directory.ts';
import type { ListenerSpec, RouteSource, TargetSpec } from './listener-spec.ts';
import type { LiveRoutes } from './live-routes.ts';
import type { Lookup } from './lookup.ts';
import type { ListenerTarget, Snapshot } from './snapshot.ts';

const ABSENT = { state: 'absent' } as const;

/** Before the first configuration: nothing goes anywhere. */
export const EMPTY_SNAPSHOT: Snapshot = { outbound: () => ABSENT, inbound: () => ABSENT };

/** Arranges the listeners for look-up by original destination. */
export function buildSnapshot(
  listeners: Iterable<ListenerSpec>,
  clusters: ClusterDirectory,
  routes: LiveRoutes,
): Snapshot {
  const addressed = new Map<string, Lookup<ListenerTarget>>();
  const anyAddress = new Map<number, Lookup<ListenerTarget>>();
  const ports = new Map<number, Lookup<ListenerTarget>>();
  let outboundRest: Lookup<ListenerTarget> = ABSENT;
  let inboundRest: Lookup<ListenerTarget> = ABSENT;
  const found = (name: string, spec: TargetSpec): Lookup<ListenerTarget> => ({
    state: 'found',
    value: new Target(name, spec, clusters, routes),
  });
  for (const spec of listeners) {
    if (spec.kind === 'virtual-outbound') {
      outboundRest = found(spec.name, spec.target);
    } else if (spec.kind === 'outbound') {
      const target = found(spec.name, spec.target);
      if (spec.address === '') anyAddress.set(spec.port, target);
      else addressed.set(`${spec.address}_${spec.port}`, target);
    } else {
      for (const [port, target] of spec.ports) ports.set(port, found(`${spec.name}:${port}`, target));
      if (spec.rest !== undefined) inboundRest = found(spec.name, spec.rest);
    }
  }
  return {
    outbound: (address, port) => addressed.get(`${address}_${port}`) ?? anyAddress.get(port) ?? outboundRest,
    inbound: (port) => ports.get(port) ?? inboundRest,
  };
}

/** A target whose clusters and routes are looked up at the moment of use. */
class Target implements ListenerTarget {
  readonly name: string;
  readonly protocol: ListenerTarget['protocol'];
  readonly #cluster: string | undefined;
  readonly #source: RouteSource | undefined;
  readonly #clusters: ClusterDirectory;
  readonly #routes: LiveRoutes;
  #latest: Lookup<RouteTable> = ABSENT;

  constructor(name: string, spec: TargetSpec, clusters: ClusterDirectory, routes: LiveRoutes) {
    this.name = name;
    this.protocol = spec.protocol;
    this.#clusters = clusters;
    this.#routes = routes;
    this.#cluster = spec.protocol === 'http' ? undefined : spec.cluster;
    this.#source = spec.protocol === 'tcp' ? undefined : spec.routes;
    if (this.#source?.kind === 'inline') this.#latest = { state: 'found', value: this.#source.table };
  }

  /** A connection that outlives its listener goes on with the last routes. */
  routes(): Lookup<RouteTable> {
    if (this.#source?.kind === 'rds') this.#latest = this.#routes.get(this.#source.name) ?? this.#latest;
    return this.#latest;
  }

  cluster(): Lookup<Cluster> {
    const cluster = this.#cluster === undefined ? undefined : this.#clusters.get(this.#cluster);
    return cluster === undefined ? ABSENT : { state: 'found', value: cluster };
  }
}
