import { RESOURCE_TYPES, type ResourceType } from '#api/xds/resource-types.ts';

/** What became of the updates of one type of resource. */
export interface Updates {
  accepted: number;
  refused: number;
  /** When the last one came, milliseconds since the epoch; 0 before the first. */
  lastWallMs: number;
  /** Of the control plane's configuration as a whole, as it called it then (`system_version_info`). */
  version: string;
}

/** Updates by the type of their resources: one is refused when anything in it is. */
export class UpdateLog {
  readonly #byType = new Map<ResourceType, Updates>(
    RESOURCE_TYPES.map((type) => [type, { accepted: 0, refused: 0, lastWallMs: 0, version: '' }]),
  );

  note(type: ResourceType, result: 'accepted' | 'refused', version: string, wallMs: number): void {
    const updates = this.#byType.get(type)!;
    updates[result] += 1;
    updates.lastWallMs = wallMs;
    updates.version = version;
  }

  of(type: ResourceType): Readonly<Updates> {
    return this.#byType.get(type)!;
  }
}
