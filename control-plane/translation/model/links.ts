/** Many-to-many: what is linked to `to`. */
export class Links {
  readonly #from = new Map<string, Set<string>>();

  get(to: string): string[] {
    return [...(this.#from.get(to) ?? [])];
  }

  relink(from: string, before: Iterable<string> = [], after: Iterable<string> = []): void {
    for (const to of before) {
      const links = this.#from.get(to);
      links?.delete(from);
      if (links?.size === 0) this.#from.delete(to);
    }
    for (const to of after) {
      const links = this.#from.get(to) ?? new Set();
      this.#from.set(to, links.add(from));
    }
  }
}
