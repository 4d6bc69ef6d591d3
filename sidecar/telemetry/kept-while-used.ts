/**
 * Things by key that stay as long as anybody uses them, and the few that were asked for last longer than that. Nobody says
 * when he is through with one, so the garbage collector is asked. What is left of one that goes (`Rest`, which must not lead back to it) is handed on.
 */
export class KeptWhileUsed<T extends object, Rest> {
  readonly #most: number;
  readonly #restOf: (thing: T) => Rest;
  readonly #forgotten: (rest: Rest) => void;
  readonly #all = new Map<string, { readonly thing: WeakRef<T>; readonly rest: Rest }>();
  /** The one that was asked for last is the last. */
  readonly #recent = new Map<string, T>();

  /** `most`: how many stay that nobody uses. `forgotten` hears of each that goes. */
  constructor(most: number, restOf: (thing: T) => Rest, forgotten: (rest: Rest) => void) {
    this.#most = most;
    this.#restOf = restOf;
    this.#forgotten = forgotten;
  }

  find(key: string, create: () => T): T {
    const known = this.#all.get(key);
    const found = known?.thing.deref() ?? create();
    if (found !== known?.thing.deref()) {
      if (known !== undefined) this.#forgotten(known.rest);
      this.#all.set(key, { thing: new WeakRef(found), rest: this.#restOf(found) });
      if (this.#all.size > 2 * this.#most) this.all();
    }
    this.#recent.delete(key);
    this.#recent.set(key, found);
    if (this.#recent.size > this.#most) this.#recent.delete(this.#recent.keys().next().value ?? '');
    return found;
  }

  /** What there is of those that are still here; the others are forgotten now. */
  all(): Rest[] {
    return [...this.#all].flatMap(([key, { thing, rest }]) => {
      if (thing.deref() !== undefined) return [rest];
      this.#all.delete(key);
      this.#forgotten(rest);
      return [];
    });
  }
}
