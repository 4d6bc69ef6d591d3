import type { ServiceIdentity } from '#sidecar/upstream/cluster.ts';
import { renderLabels } from './labels.ts';
import { createPeerDecoder, encodePeerMetadata, type OwnMetadata } from './peer-metadata.ts';
import { RequestSeries } from './request-series.ts';
import type { StatsSpec } from './stats-spec.ts';
import { TcpSeries } from './tcp-series.ts';
import type { Peer, Reporter, RequestMeter, TcpMeter, Telemetry } from './telemetry.ts';
import { workloadOf } from './workload-labels.ts';

/** Distinct (reporter, peer, service) per protocol. Peers beyond count as unknown: their names come from the network. */
const MAX_SERIES = 1_000;

/** Distinct outcomes (response code and flag) of all of them. */
const MAX_OUTCOMES = 2_000;

/** Istio's standard metrics of this workload. */
export class MeshTelemetry implements Telemetry {
  readonly ownPeerMetadata: string;
  readonly peerOf: (headerValue: string) => Peer | undefined;
  readonly #http: SeriesSet<RequestSeries>;
  readonly #tcp: SeriesSet<TcpSeries>;

  constructor(own: OwnMetadata) {
    const self = workloadOf(own, own.labels);
    const budget = { left: MAX_OUTCOMES };
    this.ownPeerMetadata = encodePeerMetadata(own);
    this.peerOf = createPeerDecoder();
    this.#http = new SeriesSet(self, 'http', (labels) => new RequestSeries(labels, budget));
    this.#tcp = new SeriesSet(self, 'tcp', (labels) => new TcpSeries(labels));
  }

  requests(reporter: Reporter, peer: Peer | undefined, service: ServiceIdentity): RequestMeter {
    return this.#http.find(reporter, peer, service);
  }

  tcp(reporter: Reporter, peer: Peer | undefined, service: ServiceIdentity): TcpMeter {
    return this.#tcp.find(reporter, peer, service);
  }

  /** The same, changed as a listener says; all that is counted is told together. */
  under(_spec: StatsSpec | undefined): Telemetry {
    return this;
  }

  get requestSeries(): Iterable<RequestSeries> {
    return this.#http.all;
  }

  get tcpSeries(): Iterable<TcpSeries> {
    return this.#tcp.all;
  }
}

/** Stands for a peer that is not known, so that it can be a key. */
const NOBODY: Partial<Peer> = {};

/** Series by what they are about. Found by the identity of the objects first, which costs no string. */
class SeriesSet<Series extends object> {
  readonly #self: Peer;
  readonly #protocol: 'http' | 'tcp';
  readonly #create: (labels: string) => Series;
  readonly #byLabels = new Map<string, Series>();
  readonly #byIdentity = {
    source: new WeakMap<ServiceIdentity, WeakMap<object, Series>>(),
    destination: new WeakMap<ServiceIdentity, WeakMap<object, Series>>(),
  };

  constructor(self: Peer, protocol: 'http' | 'tcp', create: (labels: string) => Series) {
    this.#self = self;
    this.#protocol = protocol;
    this.#create = create;
  }

  get all(): Iterable<Series> {
    return this.#byLabels.values();
  }

  find(reporter: Reporter, peer: Peer | undefined, service: ServiceIdentity): Series {
    const peers = this.#peersOf(reporter, service);
    const known = peers.get(peer ?? NOBODY);
    if (known !== undefined) return known;
    const series = this.#byName(reporter, peer, service);
    peers.set(peer ?? NOBODY, series);
    return series;
  }

  #peersOf(reporter: Reporter, service: ServiceIdentity): WeakMap<object, Series> {
    const known = this.#byIdentity[reporter].get(service);
    if (known !== undefined) return known;
    const peers = new WeakMap<object, Series>();
    this.#byIdentity[reporter].set(service, peers);
    return peers;
  }

  #byName(reporter: Reporter, peer: Peer | undefined, service: ServiceIdentity): Series {
    const [source, destination] = reporter === 'source' ? [this.#self, peer] : [peer, this.#self];
    const labels = renderLabels(reporter, source, destination, service, this.#protocol);
    const known = this.#byLabels.get(labels);
    if (known !== undefined) return known;
    if (peer !== undefined && this.#byLabels.size >= MAX_SERIES)
      return this.find(reporter, undefined, service);
    const series = this.#create(labels);
    this.#byLabels.set(labels, series);
    return series;
  }
}
