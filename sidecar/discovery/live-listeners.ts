import type { ListenerSpec } from './listener-spec.ts';
import { clusterNamesOf, routeNamesOf } from './listener-spec.ts';

/** The listeners that serve, and those that wait for their routes while their predecessors serve. */
export class LiveListeners {
  readonly #live = new Map<string, ListenerSpec>();
  readonly #warming = new Map<string, ListenerSpec>();

  get live(): Iterable<ListenerSpec> {
    return this.#live.values();
  }

  get waiting(): boolean {
    return this.#warming.size > 0;
  }

  /** Route configurations to subscribe to. */
  routes(): Set<string> {
    return new Set([...this.#live.values(), ...this.#warming.values()].flatMap(routeNamesOf));
  }

  /** Whether a listener that serves or is about to sends connections to this cluster. */
  names(cluster: string): boolean {
    const all = [...this.#live.values(), ...this.#warming.values()];
    return all.some((spec) => clusterNamesOf(spec).includes(cluster));
  }

  /** Why this listener cannot be bound: another one has its address. */
  conflict(spec: ListenerSpec): string | undefined {
    const other = [...this.#live.values(), ...this.#warming.values()].find((each) => overlap(each, spec));
    if (other === undefined) return undefined;
    return `address: ${spec.address || '0.0.0.0'}:${spec.port} is taken by listener ${other.name}`;
  }

  put(spec: ListenerSpec): void {
    this.#warming.set(spec.name, spec);
  }

  /** True when it served. */
  remove(name: string): boolean {
    this.#warming.delete(name);
    return this.#live.delete(name);
  }

  /** Puts every listener in place whose routes are known; true when one was. */
  promote(isKnown: (routes: string) => boolean): boolean {
    let changed = false;
    for (const [name, spec] of this.#warming) {
      if (!routeNamesOf(spec).every(isKnown)) continue;
      this.#live.set(name, spec);
      this.#warming.delete(name);
      changed = true;
    }
    return changed;
  }
}

function overlap(a: ListenerSpec, b: ListenerSpec): boolean {
  if (a.kind !== 'bound' || b.kind !== 'bound' || a.name === b.name || a.port !== b.port) return false;
  return a.address === b.address || a.address === '' || b.address === '';
}
