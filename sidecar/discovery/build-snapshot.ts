import type { Random } from '#api/foundation/random.ts';
import type { ClusterDirectory } from '#sidecar/upstream/cluster-directory.ts';
import type { DestinationSpec } from './listener-chains.ts';
import type { ListenerSpec, TargetSpec } from './listener-spec.ts';
import type { LiveRoutes } from './live-routes.ts';
import { LiveTarget } from './live-target.ts';
import type { Lookup } from './lookup.ts';
import type { FilterChains, Snapshot } from './snapshot.ts';

const ABSENT = { state: 'absent' } as const;

/** Before the first configuration: nothing goes anywhere. */
export const EMPTY_SNAPSHOT: Snapshot = {
  outbound: () => ABSENT,
  inbound: () => ABSENT,
  bound: [],
  serves: () => false,
};

/** Arranges listeners for look-up. What did not change from one snapshot to the next stays the same object. */
export class SnapshotBuilder {
  readonly #clusters: ClusterDirectory;
  readonly #routes: LiveRoutes;
  readonly #random: Random;
  readonly #chains = new WeakMap<DestinationSpec, Lookup<FilterChains>>();
  readonly #targets = new WeakMap<TargetSpec, LiveTarget>();

  constructor(clusters: ClusterDirectory, routes: LiveRoutes, random: Random) {
    this.#clusters = clusters;
    this.#routes = routes;
    this.#random = random;
  }

  build(listeners: Iterable<ListenerSpec>): Snapshot {
    const all = [...listeners];
    const outbound = all.filter(({ kind }) => kind === 'outbound');
    const exact = new Map(outbound.map((spec) => [`${spec.address}_${spec.port}`, spec]));
    const rest = all.find(({ kind }) => kind === 'virtual-outbound');
    const inbound = all.filter(({ kind }) => kind === 'virtual-inbound');
    const current = new Set<unknown>(all.flatMap(({ chains }) => chains.targets));
    return {
      outbound: (address, port) => {
        const spec = exact.get(`${address}_${port}`) ?? exact.get(`_${port}`) ?? rest;
        return this.#lookUp(spec?.chains.at(address, port));
      },
      inbound: (address, port) => {
        for (const { chains } of inbound) {
          const found = chains.at(address, port);
          if (found !== undefined) return this.#lookUp(found);
        }
        return ABSENT;
      },
      bound: all
        .filter(({ kind }) => kind === 'bound')
        .map(({ name, address, port, chains }) => ({
          name,
          address,
          port,
          chains: (local, localPort) => this.#lookUp(chains.at(local, localPort)),
        })),
      serves: (target) => target instanceof LiveTarget && current.has(target.spec),
    };
  }

  #lookUp(spec: DestinationSpec | undefined): Lookup<FilterChains> {
    if (spec === undefined) return ABSENT;
    const known = this.#chains.get(spec);
    if (known !== undefined) return known;
    const { plain, hello } = spec;
    const made: Lookup<FilterChains> = {
      state: 'found',
      value: {
        plain: this.#target(plain),
        hello: hello === undefined ? undefined : (said) => this.#target(hello(said)),
      },
    };
    this.#chains.set(spec, made);
    return made;
  }

  #target(spec: TargetSpec | undefined): LiveTarget | undefined {
    if (spec === undefined) return undefined;
    const known = this.#targets.get(spec);
    if (known !== undefined) return known;
    const made = new LiveTarget(spec, this.#clusters, this.#routes, this.#random);
    this.#targets.set(spec, made);
    return made;
  }
}
