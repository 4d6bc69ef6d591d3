import type { Captured, EntryNames } from './entry-names.ts';

/** Which addresses a client gets for a name of a ServiceEntry. Immutable. */
export class EntryZone {
  readonly #byHost: ReadonlyMap<string, readonly EntryNames[]>;
  readonly #namespaces: ReadonlyMap<string, string>;

  constructor(entries: readonly EntryNames[], captured: readonly Captured[]) {
    this.#byHost = Map.groupBy(entries, ({ host }) => host);
    this.#namespaces = new Map(captured.map(({ address, namespace }) => [address, namespace]));
  }

  /** `name` in lower case, without a final dot. Undefined: the mesh has nothing to say to this client. */
  lookup(name: string, client: string): readonly string[] | undefined {
    const namespace = this.#namespaces.get(client);
    if (namespace === undefined || this.#byHost.size === 0) return undefined;
    for (const host of hostsFor(name)) {
      const found = this.#byHost
        .get(host)
        ?.find(({ namespaces }) => namespaces.includes('*') || namespaces.includes(namespace));
      if (found !== undefined) return found.addresses;
    }
    return undefined;
  }
}

export const NO_ENTRIES = new EntryZone([], []);

/** The name, then the wildcards that cover it, the longest first. */
function* hostsFor(name: string): Iterable<string> {
  yield name;
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) yield `*${name.slice(dot)}`;
}
