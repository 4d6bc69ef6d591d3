import type { RouteTable } from '#sidecar/routing/route-table.ts';
import type { Lookup } from './lookup.ts';

const ABSENT = { state: 'absent' } as const;

/** A compiled route configuration and the clusters that it names. */
export interface RouteSpec {
  readonly table: RouteTable;
  readonly clusterNames: ReadonlySet<string>;
}

/**
 * The route tables that serve. A new one waits while a cluster that it names is warming, so that no request is
 * refused because its routes came a moment before the endpoints; until then its predecessor serves.
 */
export class LiveRoutes {
  readonly #live = new Map<string, Lookup<RouteTable>>();
  readonly #named = new Map<string, ReadonlySet<string>>();
  readonly #pending = new Map<string, RouteSpec>();

  /** Found, or known not to exist; undefined while nothing is known. */
  get(name: string): Lookup<RouteTable> | undefined {
    return this.#live.get(name);
  }

  /** True when it came, or is known not to exist. */
  isKnown(name: string): boolean {
    return this.#live.has(name) || this.#pending.has(name);
  }

  get waiting(): boolean {
    return this.#pending.size > 0;
  }

  /** Whether a table that serves or is about to sends requests to this cluster. */
  names(cluster: string): boolean {
    const tables = [
      ...this.#named.values(),
      ...this.#pending.values().map(({ clusterNames }) => clusterNames),
    ];
    return tables.some((names) => names.has(cluster));
  }

  put(name: string, spec: RouteSpec): void {
    this.#pending.set(name, spec);
  }

  /** The control plane has none of that name. What serves goes on: listeners are removed first. */
  absent(name: string): void {
    if (this.#pending.has(name)) return;
    if (!this.#live.has(name)) this.#live.set(name, ABSENT);
  }

  /** Puts every table in place whose clusters are ready. */
  promote(isWarming: (cluster: string) => boolean): void {
    for (const [name, { table, clusterNames }] of this.#pending) {
      if (clusterNames.values().some(isWarming)) continue;
      this.#live.set(name, { state: 'found', value: table });
      this.#named.set(name, clusterNames);
      this.#pending.delete(name);
    }
  }

  /** Forgets what nobody asks for any more. */
  retain(names: ReadonlySet<string>): void {
    for (const name of this.#live.keys()) if (!names.has(name)) this.#live.delete(name);
    for (const name of this.#named.keys()) if (!names.has(name)) this.#named.delete(name);
    for (const name of this.#pending.keys()) if (!names.has(name)) this.#pending.delete(name);
  }
}
