import { RESOURCE_TYPES, type ResourceType } from '#api/xds/resource-types.ts';
import type { Resource } from './resource.ts';

/** A resource that was refused, and why. */
export interface RefusedResource {
  readonly version: string;
  readonly reasons: readonly string[];
}

/** Which resources run, as they came, and which were refused: for reconnecting, and for whoever asks. */
export class ResourceLedger {
  readonly #running = new Map(RESOURCE_TYPES.map((type) => [type, new Map<string, Resource>()]));
  readonly #refused = new Map(RESOURCE_TYPES.map((type) => [type, new Map<string, RefusedResource>()]));

  running(type: ResourceType): ReadonlyMap<string, Resource> {
    return this.#running.get(type)!;
  }

  refused(type: ResourceType): ReadonlyMap<string, RefusedResource> {
    return this.#refused.get(type)!;
  }

  /** True when exactly this one runs already. */
  has(type: ResourceType, { name, version }: Resource): boolean {
    return (
      version !== '' &&
      this.#running.get(type)?.get(name)?.version === version &&
      !this.refused(type).has(name)
    );
  }

  /** True when one of other version but the same content runs already. */
  isSame(type: ResourceType, { name, bytes }: Resource): boolean {
    const running = this.#running.get(type)?.get(name);
    return running !== undefined && Buffer.compare(running.bytes, bytes) === 0;
  }

  accept(type: ResourceType, resource: Resource): void {
    this.#running.get(type)!.set(resource.name, resource);
    this.#refused.get(type)!.delete(resource.name);
  }

  refuse(type: ResourceType, { name, version }: Resource, reasons: readonly string[]): void {
    this.#refused.get(type)!.set(name, { version, reasons });
  }

  remove(type: ResourceType, name: string): void {
    this.#running.get(type)!.delete(name);
    this.#refused.get(type)!.delete(name);
  }

  retain(type: ResourceType, names: ReadonlySet<string>): void {
    for (const name of this.running(type).keys()) if (!names.has(name)) this.remove(type, name);
    for (const name of this.refused(type).keys()) if (!names.has(name)) this.remove(type, name);
  }
}
