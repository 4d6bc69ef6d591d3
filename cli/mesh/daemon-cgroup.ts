/** The cgroup of a mesh's daemons, in every hierarchy that the host has. */
import { existsSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, WeftError } from '#api/foundation/errors.ts';

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

const POLL_MS = 10;

/**
 * Ends whatever still runs in them (what a daemon had started and nobody knows of any more) and removes them. Throws a
 * WeftError `TearDownFailed` when a process will not go.
 */
export async function sweepCgroups(meshId: string, patienceMs: number): Promise<void> {
  const start = performance.now();
  for (const directory of cgroupDirectories(meshId)) {
    while (existsSync(directory) && !removed(directory)) {
      for (const pid of processesIn(directory)) kill(pid);
      if (performance.now() - start > patienceMs) {
        const pids = processesIn(directory).join(', ');
        throw new WeftError('TearDownFailed', `processes of the mesh do not end: ${pids}`, {
          remedy: 'run weft down again',
        });
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

/** A cgroup goes only when it is empty. */
function removed(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EBUSY') return false;
    throw error;
  }
}

function processesIn(directory: string): number[] {
  return readFileSync(join(directory, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
