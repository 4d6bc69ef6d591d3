/**
 * Things by key that stay as long as anybody uses them, and the few that were asked for last longer than that. Nobody says
 * when he is through with one, so the garbage collector is asked.
 */
export class KeptWhileUsed<T extends object> {
  readonly #most: number;
  readonly #forgotten: () => void;
  readonly #all = new Map<string, WeakRef<T>>();
  /** The one that was asked for last is the last. */
  readonly #recent = new Map<string, T>();

  /** `most`: how many stay that nobody uses. `forgotten` hears of each that goes. */
  constructor(most: number, forgotten: () => void) {
    this.#most = most;
    this.#forgotten = forgotten;
  }

  find(key: string, create: () => T): T {
    const known = this.#all.get(key)?.deref();
    const found = known ?? create();
    if (known === undefined) this.#all.set(key, new WeakRef(found));
    this.#recent.delete(key);
    this.#recent.set(key, found);
    if (this.#recent.size > this.#most) this.#recent.delete(this.#recent.keys().next().value ?? '');
    return found;
  }

  all(): T[] {
    return [...this.#all].flatMap(([key, reference]) => {
      const kept = reference.deref();
      if (kept !== undefined) return [kept];
      this.#all.delete(key);
      this.#forgotten();
      return [];
    });
  }
}
