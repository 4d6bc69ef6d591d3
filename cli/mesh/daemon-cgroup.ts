/** The cgroup of a mesh's daemons, in every hierarchy that the host has. */
import { existsSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/** Mount points of cgroup hierarchies, from `/proc/self/mountinfo`. cpuset of version 1 is left out: it takes no process before it was given processors. Pure. */
export function hierarchies(mountinfo: string): string[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [mount = '', source = ''] = line.split(' - ');
    const type = source.split(' ')[0];
    const controllers = source.split(' ')[2]?.split(',') ?? [];
    const point = mount.split(' ')[4] ?? '';
    if (type === 'cgroup2') return [point];
    return type === 'cgroup' && !controllers.includes('cpuset') ? [point] : [];
  });
}

/** Beside the cgroup of the mesh's pods (`weft-ID`), not in it: what sweeps the pods must not sweep the daemons. */
export function cgroupDirectories(meshId: string): string[] {
  return hierarchies(readFileSync('/proc/self/mountinfo', 'utf8')).map((root) =>
    join(root, `weft-${meshId}.daemons`),
  );
}

/** Removes them once nothing runs there. */
export function removeCgroups(meshId: string): void {
  for (const directory of cgroupDirectories(meshId)) if (existsSync(directory)) rmdirSync(directory);
}
