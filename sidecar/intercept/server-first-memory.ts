/** Destinations remembered; the oldest goes first. */
const MAX_REMEMBERED = 1024;

/** Which destinations' servers spoke first lately, so that their next clients need not wait for it to show. */
export class ServerFirstMemory {
  readonly #destinations = new Set<string>();

  has(destination: string): boolean {
    return this.#destinations.has(destination);
  }

  remember(destination: string): void {
    this.#destinations.delete(destination);
    this.#destinations.add(destination);
    if (this.#destinations.size > MAX_REMEMBERED)
      this.#destinations.delete(this.#destinations.values().next().value!);
  }

  forget(destination: string): void {
    this.#destinations.delete(destination);
  }
}
