import type { Clock } from '#api/foundation/clock.ts';
import { WeftError } from '#api/foundation/errors.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import type { CgroupLayout } from '../resources/cgroup-layout.ts';
import { type ContainerPaths, containerPaths } from './container-files.ts';
import type { ContainerHost } from './host.ts';
import type { OciRuntime } from './runtime.ts';

/** What every operation on a container works with. */
export interface ContainerTools {
  readonly config: MeshConfig;
  readonly runtime: OciRuntime;
  readonly layout: CgroupLayout;
  readonly host: ContainerHost;
  readonly clock: Clock;
}

/** A container by its name and its files. */
export interface ContainerPlace {
  readonly id: string;
  readonly paths: ContainerPaths;
}

const ID = /^[a-z0-9][a-z0-9-]{0,119}$/;

/** Ids become file names and arguments. Throws a WeftError `ContainerIdInvalid`. */
export function placeOf({ config }: Pick<ContainerTools, 'config'>, id: string): ContainerPlace {
  if (ID.test(id)) return { id, paths: containerPaths(config, id) };
  throw new WeftError('ContainerIdInvalid', `"${id.slice(0, 130)}" cannot be a container's id`, {
    remedy: 'use at most 120 of [a-z0-9-]',
  });
}
