import { evenDraws } from '#api/foundation/even-draws.ts';
import type { Random } from '#api/foundation/random.ts';
import type { ConcurrencyLimitPolicy } from '#sidecar/http/concurrency-limit.ts';
import type { LocalRateLimitPolicy } from '#sidecar/http/local-rate-limit.ts';
import type { ServerLimits } from '#sidecar/http/server-limits.ts';
import type { RouteTable } from '#sidecar/routing/route-table.ts';
import type { DownstreamTls } from '#sidecar/security/downstream-tls.ts';
import type { OpaquePolicy } from '#sidecar/tcp/opaque-policy.ts';
import type { ObservationSpec } from '#sidecar/telemetry/observers.ts';
import type { Cluster } from '#sidecar/upstream/cluster.ts';
import type { ClusterDirectory } from '#sidecar/upstream/cluster-directory.ts';
import type { RouteSource, TargetSpec, WeightedCluster } from './listener-spec.ts';
import type { LiveRoutes } from './live-routes.ts';
import type { Lookup } from './lookup.ts';
import type { ListenerTarget } from './snapshot.ts';

const ABSENT = { state: 'absent' } as const;

/** A target whose clusters and routes are looked up at the moment of use. */
export class LiveTarget implements ListenerTarget {
  readonly spec: TargetSpec;
  readonly name: string;
  readonly protocol: ListenerTarget['protocol'];
  readonly tls: DownstreamTls | undefined;
  readonly opaque: OpaquePolicy | undefined;
  readonly edge: boolean;
  readonly preserveRequestId: boolean;
  readonly observation: ObservationSpec | undefined;
  readonly opaqueObservation: ObservationSpec | undefined;
  readonly rateLimit: LocalRateLimitPolicy | undefined;
  readonly concurrency: ConcurrencyLimitPolicy | undefined;
  readonly limits: ServerLimits | undefined;
  readonly maxConnections: number | undefined;
  readonly chain: string | undefined;
  readonly #choices: readonly WeightedCluster[];
  readonly #source: RouteSource | undefined;
  readonly #clusters: ClusterDirectory;
  readonly #routes: LiveRoutes;
  readonly #random: Random;
  #latest: Lookup<RouteTable> = ABSENT;

  constructor(spec: TargetSpec, clusters: ClusterDirectory, routes: LiveRoutes, random: Random) {
    const http = spec.protocol === 'tcp' ? undefined : spec.http;
    const tcp = spec.protocol === 'http' ? undefined : spec.tcp;
    this.spec = spec;
    this.name = spec.name;
    this.protocol = spec.protocol;
    this.tls = spec.tls;
    this.opaque = tcp?.policy;
    this.edge = http?.edge === true;
    this.preserveRequestId = http?.preserveRequestId === true;
    this.observation = http?.observation;
    this.opaqueObservation = tcp?.observation;
    this.rateLimit = http?.rateLimit;
    this.concurrency = http?.concurrency;
    this.limits = http?.limits;
    this.maxConnections = spec.maxConnections;
    this.chain = spec.chain;
    this.#choices = tcp?.clusters.filter(({ weight }) => weight > 0) ?? [];
    this.#source = http?.routes;
    this.#clusters = clusters;
    this.#routes = routes;
    this.#random = this.#choices.length > 1 ? evenDraws(random) : random;
    if (this.#source?.kind === 'inline') this.#latest = { state: 'found', value: this.#source.table };
  }

  /** A connection that outlives its listener goes on with the last routes. */
  routes(): Lookup<RouteTable> {
    if (this.#source?.kind === 'rds') this.#latest = this.#routes.get(this.#source.name) ?? this.#latest;
    return this.#latest;
  }

  cluster(): Lookup<Cluster> {
    const name = this.#draw();
    const cluster = name === undefined ? undefined : this.#clusters.get(name);
    return cluster === undefined ? ABSENT : { state: 'found', value: cluster };
  }

  #draw(): string | undefined {
    const choices = this.#choices;
    if (choices.length <= 1) return choices[0]?.name;
    let left = this.#random() * choices.reduce((sum, { weight }) => sum + weight, 0);
    for (const { name, weight } of choices) {
      left -= weight;
      if (left < 0) return name;
    }
    return choices[0]?.name;
  }
}
