/** Destinations remembered; the oldest goes first. */
const MAX_REMEMBERED = 1024;

/** Which destinations' servers spoke first lately, so that their next clients need not wait for it to show. */
export class ServerFirstMemory {
  readonly #names = new Set<string>();

  has(name: string): boolean {
    return this.#names.has(name);
  }

  remember(name: string): void {
    this.#names.delete(name);
    this.#names.add(name);
    if (this.#names.size > MAX_REMEMBERED) this.#names.delete(this.#names.values().next().value!);
  }

  forget(name: string): void {
    this.#names.delete(name);
  }
}
