import { readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, WeftError } from '#api/foundation/errors.ts';
import { type CgroupLayout, directoriesOf } from './cgroup-layout.ts';

/**
 * Ends everything in a cgroup by name, needing no memory of what was started. A fork bomb outruns anyone who kills its
 * processes one by one: so the process limit is set to nothing first, after which no fork succeeds and the rounds converge.
 */

/** Rounds of killing and looking again; a killed process needs a moment to leave its cgroup. */
const ROUNDS = 200;
const ROUND_MS = 10;

/** Kills all processes under `cgroup` and removes it in every hierarchy. Idempotent. Throws a WeftError `CgroupBusy`. */
export async function sweepCgroup(layout: CgroupLayout, cgroup: string): Promise<void> {
  const directories = directoriesOf(layout, cgroup);
  if ((await Promise.all(directories.map(subtree))).every((found) => found.length === 0)) return;
  await stopForks(layout, cgroup);
  for (let round = 0; round < ROUNDS; round += 1) {
    const trees = await Promise.all(directories.map(subtree));
    const alive = await killAll(trees.flat());
    if (alive === 0 && (await removeAll(trees))) return;
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  }
  throw new WeftError('CgroupBusy', `processes of ${cgroup} cannot be killed`, {
    remedy: 'look for processes in state D: ps -eo pid,stat,comm',
  });
}

/** The cgroup directories from `directory` down, parents first; none when it does not exist. */
async function subtree(directory: string): Promise<string[]> {
  let entries: import('node:fs').Dirent[];
  try {
    entries = await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
  const below = entries.filter((entry) => entry.isDirectory());
  const nested = await Promise.all(below.map((entry) => subtree(join(directory, entry.name))));
  return [directory, ...nested.flat()];
}

async function stopForks(layout: CgroupLayout, cgroup: string): Promise<void> {
  const root = layout.rootOf('pids');
  if (root !== undefined) await writeFile(join(root, cgroup, 'pids.max'), '0').catch(() => {});
}

async function killAll(directories: readonly string[]): Promise<number> {
  const texts = await Promise.all(
    directories.map((directory) => readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '')),
  );
  const pids = new Set(texts.flatMap((text) => text.split('\n').filter((line) => line !== '')));
  for (const pid of pids) kill(Number(pid));
  return pids.size;
}

/** 0 stands for a process outside our pid namespace: not ours to kill. */
function kill(pid: number): void {
  if (pid <= 0 || pid === process.pid) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

async function removeAll(trees: readonly string[][]): Promise<boolean> {
  const results = await Promise.all(trees.map(removeTree));
  return results.every((done) => done);
}

async function removeTree(directories: readonly string[]): Promise<boolean> {
  for (const directory of [...directories].reverse()) {
    try {
      await rmdir(directory);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') continue;
      if (codeOf(error) === 'EBUSY') return false;
      throw error;
    }
  }
  return true;
}
