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
import { type Counts, LeftOver } from './left-over.ts';
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
  readonly #leftOver = new LeftOver(this.folded);
  readonly #changed = new KeptWhileUsed<SpecSeries, Counts>(
    MAX_SPECS,
    ({ counts }) => counts,
    (counts) => this.#leftOver.add(counts),
  );

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

  /** Everything that was ever counted, without changes first. Beyond that series of the same name and labels may stand in several places. */
  counts(): Counts[] {
    return [this.#standard.counts, ...this.#changed.all(), this.#leftOver];
  }
}

/** Listeners hold this, and so say that they count in this way. */
class SpecSeries implements Telemetry {
  readonly ownPeerMetadata: string;
  readonly peerOf: (headerValue: string) => Peer | undefined;
  readonly counts: SpecCounts;

  constructor(mesh: MeshTelemetry, self: Peer, spec: StatsSpec, outcomes: number) {
    this.ownPeerMetadata = mesh.ownPeerMetadata;
    this.peerOf = mesh.peerOf;
    this.counts = new SpecCounts(mesh.folded, self, spec, outcomes);
  }

  requests(reporter: Reporter, peer: Peer | undefined, service: ServiceIdentity): RequestMeter {
    return this.counts.http.find(reporter, peer, service);
  }

  tcp(
    reporter: Reporter,
    peer: Peer | undefined,
    service: ServiceIdentity,
    record?: ConnectionRecord,
  ): TcpMeter {
    return this.counts.opaque.find(reporter, peer, service).meter(record);
  }
}

/** What is counted in one way. */
class SpecCounts implements Counts {
  readonly http: SeriesSet<ToldRequests>;
  readonly opaque: SeriesSet<TcpSeriesSet>;

  constructor(folded: Folded, self: Peer, spec: StatsSpec, outcomes: number) {
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

  get outcomes(): RequestOutcome[] {
    return [...this.http.all].flatMap(({ outcomes }) => [...outcomes]);
  }

  get connections(): TcpSeries[] {
    return [...this.opaque.all].flatMap(({ series }) => [...series]);
  }
}

function compiled<Name extends string>(spec: StatsSpec, names: readonly Name[]): CompiledGroup<Name>[] {
  return planTags(spec, names).map((group) => ({
    ...group,
    tags: group.added.map(([name, expression]) => [name, compileExpression(expression)] as const),
  }));
}
