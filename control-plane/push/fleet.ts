/**
 * The world and everybody who is told of it. A change is applied once, gets the next generation, and every session
 * looks at the names that it touched.
 */
import type { InputChange } from '#control-plane/translation/model/inputs.ts';
import type { World, WorldChange } from '#control-plane/translation/world.ts';

/** One proxy on one stream, as the fleet and the ledger need it. */
export interface Member {
  changed(change: WorldChange, generation: number): void;
}

export class Fleet<M extends Member> {
  readonly world: World;
  readonly members = new Set<M>();
  #generation = 0;
  readonly #watchers = new Set<() => void>();

  constructor(world: World) {
    this.world = world;
  }

  /** Counts the batches of changes that the world has taken in. */
  get generation(): number {
    return this.#generation;
  }

  apply(changes: readonly InputChange[]): WorldChange {
    const change = this.world.apply(changes);
    this.#generation += 1;
    for (const member of this.members) member.changed(change, this.#generation);
    this.progressed();
    return change;
  }

  join(member: M): void {
    this.members.add(member);
    this.progressed();
  }

  leave(member: M): void {
    this.members.delete(member);
    this.progressed();
  }

  /** Something that a waiter may wait for has happened: a change, an acknowledgement, a proxy that came or went. */
  progressed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** Calls back after every progress. Returns the way to stop. */
  onProgress(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}
