/** Which clusters ask for which assignment, and which assignments have not come yet. */
export class AssignmentAskers {
  readonly #askers = new Map<string, Set<string>>();
  readonly #awaited = new Set<string>();

  get assignments(): Set<string> {
    return new Set(this.#askers.keys());
  }

  get awaited(): ReadonlySet<string> {
    return this.#awaited;
  }

  of(assignment: string): Iterable<string> {
    return this.#askers.get(assignment) ?? [];
  }

  awaits(assignment: string): void {
    this.#awaited.add(assignment);
  }

  came(assignment: string): void {
    this.#awaited.delete(assignment);
  }

  /** A cluster asks for another assignment than before; undefined is none. */
  change(cluster: string, before: string | undefined, now: string | undefined): void {
    if (before !== undefined) this.#askers.get(before)?.delete(cluster);
    if (now !== undefined) this.#askers.set(now, (this.#askers.get(now) ?? new Set()).add(cluster));
    if (before === undefined || this.#askers.get(before)?.size !== 0) return;
    this.#askers.delete(before);
    this.#awaited.delete(before);
  }
}
