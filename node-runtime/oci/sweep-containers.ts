import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MeshConfig } from '#api/mesh/config.ts';
import { removeTree } from '../rootfs/skeleton.ts';
import { containerIds, containerPaths, runtimeRoot } from './container-files.ts';

/**
 * Removes the files of all containers of a pod whose processes and cgroups are gone already. The OCI runtime is not asked:
 * of a container without process and cgroup nothing is left but its state directory.
 */
export async function sweepContainersOf(
  config: Pick<MeshConfig, 'id' | 'runDir'>,
  podUid: string,
): Promise<void> {
  const ids = await containerIds(config);
  const ours = ids.filter((id) => id.startsWith(`${config.id}-${podUid}-`));
  await Promise.all(ours.map((id) => sweepContainer(config, id)));
}

async function sweepContainer(config: Pick<MeshConfig, 'runDir'>, id: string): Promise<void> {
  const paths = containerPaths(config, id);
  await removeTree(paths.directory);
  await Promise.all([
    rm(join(runtimeRoot(config), id), { recursive: true, force: true }),
    rm(paths.exit, { force: true }),
  ]);
}
