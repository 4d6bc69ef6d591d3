import type { Encoded } from './encoded.ts';

/** The current resources of one type by name, each owned by what it was derived from. */
export class ResourceTable {
  readonly #byName = new Map<string, Encoded>();
  readonly #byOwner = new Map<string, readonly Encoded[]>();

  get(name: string): Encoded | undefined {
    return this.#byName.get(name);
  }

  names(): Iterable<string> {
    return this.#byName.keys();
  }

  /**
   * Replaces what these owners own; the names that came, changed or went are added to `changed`. All at once, so
   * that a name can pass from one owner to another.
   */
  replace(owners: ReadonlyMap<string, readonly Encoded[]>, changed: Set<string>): void {
    const before = new Map<string, Encoded>();
    for (const owner of owners.keys()) {
      for (const resource of this.#byOwner.get(owner) ?? []) {
        before.set(resource.name, resource);
        this.#byName.delete(resource.name);
      }
      this.#byOwner.delete(owner);
    }
    for (const [owner, resources] of owners) {
      if (resources.length > 0) this.#byOwner.set(owner, resources);
      for (const resource of resources) {
        const old = before.get(resource.name);
        before.delete(resource.name);
        const same = old?.version === resource.version;
        this.#byName.set(resource.name, same ? old : resource);
        if (!same) changed.add(resource.name);
      }
    }
    for (const name of before.keys()) changed.add(name);
  }
}
