/** Which services and operations the kept spans have, for lists to choose from. Counted, so that what is gone is listed no more. */
export class Catalogue {
  readonly #most: { readonly services: number; readonly operationsPerService: number };
  readonly #services = new Map<string, Map<string, number>>();

  constructor(most: { readonly services: number; readonly operationsPerService: number }) {
    this.#most = most;
  }

  add(service: string, operation: string): void {
    let operations = this.#services.get(service);
    if (operations === undefined) {
      if (this.#services.size >= this.#most.services) return;
      operations = new Map();
      this.#services.set(service, operations);
    }
    const count = operations.get(operation);
    if (count === undefined && operations.size >= this.#most.operationsPerService) return;
    operations.set(operation, (count ?? 0) + 1);
  }

  /** Of names that were not taken in, nothing is known: what is left of them never goes below none. */
  remove(service: string, operation: string): void {
    const operations = this.#services.get(service);
    const count = operations?.get(operation);
    if (operations === undefined || count === undefined) return;
    if (count > 1) operations.set(operation, count - 1);
    else operations.delete(operation);
    if (operations.size === 0) this.#services.delete(service);
  }

  services(): string[] {
    return [...this.#services.keys()].sort();
  }

  operations(service: string): string[] {
    return [...(this.#services.get(service)?.keys() ?? [])].sort();
  }
}
