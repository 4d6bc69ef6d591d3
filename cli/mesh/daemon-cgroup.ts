/** The cgroups of a mesh's daemons and of its addons, in every hierarchy that the host has. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf, WeftError } from '#api/foundation/errors.ts';
import type { AddonLimits } from '../addons/addon.ts';

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
export function cgroupDirectories(meshId: string, part = 'daemons'): string[] {
  return roots().map((root) => join(root, `weft-${meshId}.${part}`));
}

function roots(): string[] {
  return hierarchies(readFileSync('/proc/self/mountinfo', 'utf8'));
}

const CPU_PERIOD_US = 100_000;

/** Makes the directories, and writes the limits to those whose hierarchy has the controller. */
export function limitCgroups(directories: readonly string[], limits: AddonLimits): void {
  const memory = String(limits.memoryBytes);
  const processes = String(limits.processes);
  const quota = String(limits.cpus * CPU_PERIOD_US);
  const files = {
    'memory.max': memory,
    'memory.limit_in_bytes': memory,
    'pids.max': processes,
    'cpu.max': `${quota} ${CPU_PERIOD_US}`,
    'cpu.cfs_quota_us': quota,
  };
  for (const directory of directories) {
    handDown(dirname(directory));
    mkdirSync(directory, { recursive: true });
    for (const [file, value] of Object.entries(files))
      if (existsSync(join(directory, file))) writeFileSync(join(directory, file), value);
  }
}

/** In version 2 a controller works in a cgroup only when the one above hands it down. */
function handDown(root: string): void {
  const available = join(root, 'cgroup.controllers');
  if (!existsSync(available)) return;
  const controllers = readFileSync(available, 'utf8').trim().split(' ');
  const wanted = ['cpu', 'memory', 'pids'].filter((name) => controllers.includes(name));
  if (wanted.length === 0) return;
  writeFileSync(join(root, 'cgroup.subtree_control'), wanted.map((name) => `+${name}`).join(' '));
}

const POLL_MS = 10;

/**
 * Ends whatever still runs in them (what a daemon had started and nobody knows of any more) and removes them. Throws a
 * WeftError `TearDownFailed` when a process will not go.
 */
export async function sweepCgroups(meshId: string, patienceMs: number): Promise<void> {
  const start = performance.now();
  const own = roots().flatMap((root) =>
    readdirSync(root)
      .filter((name) => name.startsWith(`weft-${meshId}.`))
      .map((name) => join(root, name)),
  );
  for (const directory of own) {
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
