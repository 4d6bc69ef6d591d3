import type { ResourceType } from '#api/xds/resource-types.ts';
import { type Encoded, encodedBytes } from '#control-plane/translation/encoded.ts';
import type { View } from '#control-plane/translation/view.ts';

/** A world that a test writes by hand: resources are words. */
export class ToyView implements View {
  readonly #resources = new Map<ResourceType, Map<string, Encoded>>();

  set(type: ResourceType, name: string, content: string | undefined): void {
    const table = this.#resources.get(type) ?? new Map<string, Encoded>();
    if (content === undefined) table.delete(name);
    else table.set(name, encodedBytes(name, Buffer.from(content)));
    this.#resources.set(type, table);
  }

  get(type: ResourceType, name: string): Encoded | undefined {
    return this.#resources.get(type)?.get(name);
  }

  names(type: ResourceType): string[] {
    return [...(this.#resources.get(type)?.keys() ?? [])];
  }

  changed(): 'all' {
    return 'all';
  }

  release(): void {}
}
