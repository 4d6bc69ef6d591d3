import type { ResourceType } from '#api/xds/resource-types.ts';
import type { Encoded } from './encoded.ts';
import type { WorldChange } from './world.ts';

/** The world as one proxy sees it. Reads are always of the present. */
export interface View {
  get(type: ResourceType, name: string): Encoded | undefined;
  /** Every name of a type: what a wildcard subscription asks for. */
  names(type: ResourceType): Iterable<string>;
  /** The names of a type that a change may have made different for this proxy; `all` when it cannot be told. */
  changed(type: ResourceType, change: WorldChange): Iterable<string> | 'all';
  /** The proxy is gone. */
  release(): void;
}
