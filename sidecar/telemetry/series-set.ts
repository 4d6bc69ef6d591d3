import type { ServiceIdentity } from '#sidecar/upstream/cluster.ts';
import { type Folded, MAX_PEERS, MAX_PEERS_OF_ONE, MAX_SERVICES, OTHER } from './cardinality.ts';
import { type Labels, peerLabels, render } from './labels.ts';
import type { Peer, Reporter } from './telemetry.ts';

/** Stands for a peer that is not known, so that it can be a key. */
const NOBODY: Partial<Peer> = {};
/** Stands for the services that there is no room for. */
const OTHER_SERVICE: ServiceIdentity = { host: OTHER, name: OTHER, namespace: OTHER };

/** Whose words make series: of an inbound request its caller's, by principal, '' without one. Of an outbound one nobody's. */
export type Caller = string | undefined;

/** Series by what they are about. Found by the identity of the objects first, which costs no string. */
export class SeriesSet<Series extends object> {
  readonly #self: Peer;
  readonly #protocol: 'http' | 'tcp';
  readonly #folded: Folded;
  readonly #create: (labels: Labels, caller: Caller) => Series;
  readonly #byLabels = new Map<string, Series>();
  readonly #ofCallers = new Map<string, number>();
  /** Peers of whom only the principal is told, by it. */
  readonly #byPrincipal = new Map<string, Peer>();
  readonly #byIdentity = {
    source: new WeakMap<ServiceIdentity, WeakMap<object, Series>>(),
    destination: new WeakMap<ServiceIdentity, WeakMap<object, Series>>(),
  };

  constructor(
    self: Peer,
    protocol: 'http' | 'tcp',
    folded: Folded,
    create: (labels: Labels, caller: Caller) => Series,
  ) {
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
    const caller = reporter === 'destination' ? (peer?.principal ?? '') : undefined;
    if (peer !== undefined && peer.workload !== '' && !this.#hasRoom(caller)) {
      this.#folded.peer += 1;
      return this.find(reporter, this.#onlyPrincipal(peer.principal), service);
    }
    if (service !== OTHER_SERVICE && this.#byLabels.size >= MAX_PEERS + MAX_SERVICES) {
      this.#folded.service += 1;
      return this.find(reporter, undefined, OTHER_SERVICE);
    }
    const series = this.#create(labels, caller);
    this.#byLabels.set(text, series);
    if (caller !== undefined) this.#ofCallers.set(caller, (this.#ofCallers.get(caller) ?? 0) + 1);
    return series;
  }

  #hasRoom(caller: Caller): boolean {
    if (this.#byLabels.size >= MAX_PEERS) return false;
    return caller === undefined || (this.#ofCallers.get(caller) ?? 0) < MAX_PEERS_OF_ONE;
  }

  /** What a certificate says costs no more than there are certificates, and stays true. */
  #onlyPrincipal(principal: string | undefined): Peer | undefined {
    if (principal === undefined) return undefined;
    const known = this.#byPrincipal.get(principal);
    if (known !== undefined) return known;
    const peer = {
      principal,
      workload: '',
      namespace: '',
      canonicalName: '',
      canonicalRevision: '',
      cluster: '',
    };
    this.#byPrincipal.set(principal, peer);
    if (this.#byPrincipal.size > MAX_PEERS) {
      const [oldest = ''] = this.#byPrincipal.keys();
      this.#byPrincipal.delete(oldest);
    }
    return peer;
  }
}
