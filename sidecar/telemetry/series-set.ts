import type { ServiceIdentity } from '#sidecar/upstream/cluster.ts';
import { type Folded, MAX_PEERS, MAX_SERVICES, OTHER } from './cardinality.ts';
import { type Labels, peerLabels, render } from './labels.ts';
import type { Peer, Reporter } from './telemetry.ts';

/** Stands for a peer that is not known, so that it can be a key. */
const NOBODY: Partial<Peer> = {};
/** Stands for the services that there is no room for. */
const OTHER_SERVICE: ServiceIdentity = { host: OTHER, name: OTHER, namespace: OTHER };

/** Series by what they are about. Found by the identity of the objects first, which costs no string. */
export class SeriesSet<Series extends object> {
  readonly #self: Peer;
  readonly #protocol: 'http' | 'tcp';
  readonly #folded: Folded;
  readonly #create: (labels: Labels) => Series;
  readonly #byLabels = new Map<string, Series>();
  readonly #byIdentity = {
    source: new WeakMap<ServiceIdentity, WeakMap<object, Series>>(),
    destination: new WeakMap<ServiceIdentity, WeakMap<object, Series>>(),
  };

  constructor(self: Peer, protocol: 'http' | 'tcp', folded: Folded, create: (labels: Labels) => Series) {
    this.#self = self;
    this.#protocol = protocol;
    this.#folded = folded;
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
    const labels = peerLabels(reporter, source, destination, service, this.#protocol);
    const text = render(labels);
    const known = this.#byLabels.get(text);
    if (known !== undefined) return known;
    const { size } = this.#byLabels;
    if (peer !== undefined && size >= MAX_PEERS) {
      this.#folded.peer += 1;
      return this.find(reporter, undefined, service);
    }
    if (service !== OTHER_SERVICE && size >= MAX_PEERS + MAX_SERVICES) {
      this.#folded.service += 1;
      return this.find(reporter, undefined, OTHER_SERVICE);
    }
    const series = this.#create(labels);
    this.#byLabels.set(text, series);
    return series;
  }
}
