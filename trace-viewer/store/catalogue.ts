/** Which services and operations the kept spans have, for lists to choose from. Counted, so that what is gone is listed no more. */
import type { SpanKind } from '../model/span.ts';

export interface CatalogueLimits {
  /** Names of services, and of operations of each; the same operation as another kind of span counts again. */
  readonly services: number;
  readonly operationsPerService: number;
}

export interface Operation {
  readonly name: string;
  readonly kind: SpanKind;
}

interface Counted extends Operation {
  count: number;
}

export class Catalogue {
  readonly #most: CatalogueLimits;
  readonly #services = new Map<string, Map<string, Counted>>();

  constructor(most: CatalogueLimits) {
    this.#most = most;
  }

  add(service: string, { name, kind }: Operation): void {
    let operations = this.#services.get(service);
    if (operations === undefined) {
      if (this.#services.size >= this.#most.services) return;
      operations = new Map();
      this.#services.set(service, operations);
    }
    const key = keyOf(name, kind);
    const known = operations.get(key);
    if (known !== undefined) known.count += 1;
    else if (operations.size < this.#most.operationsPerService) operations.set(key, { name, kind, count: 1 });
  }

  /** Of names that were not taken in, nothing is known: what is left of them never goes below none. */
  remove(service: string, { name, kind }: Operation): void {
    const operations = this.#services.get(service);
    const key = keyOf(name, kind);
    const known = operations?.get(key);
    if (operations === undefined || known === undefined) return;
    known.count -= 1;
    if (known.count === 0) operations.delete(key);
    if (operations.size === 0) this.#services.delete(service);
  }

  services(): Iterable<string> {
    return this.#services.keys();
  }

  operations(service: string): Iterable<Operation> {
    return this.#services.get(service)?.values() ?? [];
  }
}

const keyOf = (name: string, kind: SpanKind): string => `${kind} ${name}`;
