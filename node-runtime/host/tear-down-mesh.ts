import { join } from 'node:path';
import { type MeshConfig, pathsOf } from '#api/mesh/config.ts';
import { tearDownHostNetwork } from '../network/host-network.ts';
import { linkPrefix } from '../network/names.ts';
import { sandboxesDirectory } from '../network/sandbox-files.ts';
import { listSandboxes, removeNamespaces } from '../network/sandboxes.ts';
import { exitDirectory, runtimeRoot } from '../oci/container-files.ts';
import { meshCgroup, readCgroupLayout } from '../resources/cgroup-layout.ts';
import { sweepCgroup } from '../resources/sweep-cgroup.ts';
import { removeTree } from '../rootfs/skeleton.ts';
import { must, run } from './command.ts';

/**
 * Removes everything that a node runtime made for a mesh: processes, cgroups, mounts, namespaces, links, routes, rules and
 * state below the run directory. Works by names alone, when every process of the mesh is dead, and again after a failure.
 * Must be called when no node runtime of the mesh runs. Logs and data stay.
 */
export async function tearDownMesh(config: MeshConfig): Promise<void> {
  await sweepCgroup(await readCgroupLayout(), meshCgroup(config.id));
  await Promise.all((await listSandboxes(config)).map((name) => removeNamespaces(config, name)));
  await Promise.all([removeLinks(config), tearDownHostNetwork(config)]);
  const directories = [
    join(config.runDir, 'containers'),
    sandboxesDirectory(config),
    pathsOf(config).pods,
    exitDirectory(config),
    runtimeRoot(config),
  ];
  for (const directory of directories) await removeTree(directory);
}

/** Links of pods whose namespace is already gone or was never pinned. */
async function removeLinks(config: MeshConfig): Promise<void> {
  const links = JSON.parse(await must('ip', ['-json', 'link', 'show'])) as { ifname: string }[];
  const ours = links.map((link) => link.ifname).filter((name) => name.startsWith(linkPrefix(config.id)));
  await Promise.all(ours.map((name) => run('ip', ['link', 'del', name])));
}
