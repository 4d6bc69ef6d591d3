import { compileExpression } from '#api/expressions/compile-expression.ts';
import type { ServiceIdentity } from '#sidecar/upstream/cluster.ts';
import {
  type Folded,
  MAX_OUTCOMES,
  MAX_OUTCOMES_OF_ONE,
  MAX_SPECS,
  MAX_TAGGED,
  nothingFolded,
  OutcomeBudget,
} from './cardinality.ts';
import { KeptWhileUsed } from './kept-while-used.ts';
import { createPeerDecoder, encodePeerMetadata, type OwnMetadata } from './peer-metadata.ts';
import { type CompiledGroup, requestMeter, type ToldRequests } from './request-meters.ts';
import type { RequestOutcome } from './request-series.ts';
import { type Caller, SeriesSet } from './series-set.ts';
import { ALL_REQUEST_METRICS, ALL_TCP_METRICS } from './standard.ts';
import type { StatsSpec } from './stats-spec.ts';
import type { ConnectionRecord } from './stream-record.ts';
import { planTags } from './tag-plan.ts';
import { type TcpSeriesSet, tcpSeriesSet } from './tcp-meters.ts';
import type { TcpSeries } from './tcp-series.ts';
import type { Peer, Reporter, RequestMeter, TcpMeter, Telemetry } from './telemetry.ts';
import { workloadOf } from './workload-labels.ts';

const AS_THEY_ARE: StatsSpec = { key: '', metrics: [] };

/** Istio's standard metrics of this workload: as they are, and as listeners change them, side by side. */
export class MeshTelemetry implements Telemetry {
  readonly ownPeerMetadata: string;
  readonly peerOf: (headerValue: string) => Peer | undefined;
  readonly folded: Folded = nothingFolded();
  readonly #self: Peer;
  readonly #standard: SpecSeries;
  readonly #changed = new KeptWhileUsed<SpecSeries>(MAX_SPECS, () => {
    this.folded.spec += 1;
  });

  constructor(own: OwnMetadata) {
    this.#self = workloadOf(own, own.labels);
    this.ownPeerMetadata = encodePeerMetadata(own);
    this.peerOf = createPeerDecoder();
    this.#standard = new SpecSeries(this, this.#self, AS_THEY_ARE, MAX_OUTCOMES);
  }

  requests(reporter: Reporter, peer: Peer | undefined, service: ServiceIdentity): RequestMeter {
    return this.#standard.requests(reporter, peer, service);
  }

  tcp(reporter: Reporter, peer: Peer | undefined, service: ServiceIdentity): TcpMeter {
    return this.#standard.tcp(reporter, peer, service);
  }

  /** The same, changed as a listener says; all that is counted is told together. Throws `ExpressionInvalid`. */
  under(spec: StatsSpec | undefined): Telemetry {
    if (spec === undefined || spec.metrics.length === 0) return this;
    return this.#changed.find(spec.key, () => new SpecSeries(this, this.#self, spec, MAX_TAGGED));
  }

  /** Whether series of the same name and labels may stand in several places. */
  get mayRepeat(): boolean {
    return this.#changed.all().length > 0;
  }

  *outcomes(): Generator<RequestOutcome> {
    for (const { http } of this.#all()) for (const { outcomes } of http.all) yield* outcomes;
  }

  *tcpSeries(): Generator<TcpSeries> {
    for (const { opaque } of this.#all()) for (const { series } of opaque.all) yield* series;
  }

  #all(): SpecSeries[] {
    return [this.#standard, ...this.#changed.all()];
  }
}

/** What is counted in one way. */
class SpecSeries implements Telemetry {
  readonly ownPeerMetadata: string;
  readonly peerOf: (headerValue: string) => Peer | undefined;
  readonly http: SeriesSet<ToldRequests>;
  readonly opaque: SeriesSet<TcpSeriesSet>;

  constructor(mesh: MeshTelemetry, self: Peer, spec: StatsSpec, outcomes: number) {
    this.ownPeerMetadata = mesh.ownPeerMetadata;
    this.peerOf = mesh.peerOf;
    const { folded } = mesh;
    const whole = new OutcomeBudget(outcomes, folded);
    const ofCallers = new Map<string, OutcomeBudget>();
    const budgetOf = (caller: Caller): OutcomeBudget => {
      if (caller === undefined) return whole;
      const budget = ofCallers.get(caller) ?? new OutcomeBudget(MAX_OUTCOMES_OF_ONE, folded, whole);
      ofCallers.set(caller, budget);
      return budget;
    };
    const requests = compiled(spec, ALL_REQUEST_METRICS);
    const connections = compiled(spec, ALL_TCP_METRICS);
    this.http = new SeriesSet(self, 'http', folded, (labels, caller) =>
      requestMeter(labels, requests, budgetOf(caller)),
    );
    this.opaque = new SeriesSet(self, 'tcp', folded, (labels, caller) =>
      tcpSeriesSet(labels, connections, budgetOf(caller)),
    );
  }

  requests(reporter: Reporter, peer: Peer | undefined, service: ServiceIdentity): RequestMeter {
    return this.http.find(reporter, peer, service);
  }

  tcp(
    reporter: Reporter,
    peer: Peer | undefined,
    service: ServiceIdentity,
    record?: ConnectionRecord,
  ): TcpMeter {
    return this.opaque.find(reporter, peer, service).meter(record);
  }
}

function compiled<Name extends string>(spec: StatsSpec, names: readonly Name[]): CompiledGroup<Name>[] {
  return planTags(spec, names).map((group) => ({
    ...group,
    tags: group.added.map(([name, expression]) => [name, compileExpression(expression)] as const),
  }));
}
