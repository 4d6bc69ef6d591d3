import { readFile } from 'node:fs/promises';

/**
 * A number in a pid file may by now belong to another process. So a process is recognised by what only ours has: its
 * cgroup, or its arguments.
 */

/** True when `pid` runs (and is no zombie) in the cgroup `path`. */
export async function livesInCgroup(pid: number, path: string): Promise<boolean> {
  const [stat, cgroups] = await Promise.all([read(pid, 'stat'), read(pid, 'cgroup')]);
  const within = cgroups?.split('\n').some((line) => line.endsWith(path)) ?? false;
  return stat !== undefined && !isDead(stat) && within;
}

/** True when `pid` runs with `argument` among its arguments. */
export async function runsWithArgument(pid: number, argument: string): Promise<boolean> {
  const [stat, arguments_] = await Promise.all([read(pid, 'stat'), read(pid, 'cmdline')]);
  return stat !== undefined && !isDead(stat) && (arguments_?.split('\0').includes(argument) ?? false);
}

/** The number in a pid file, or undefined when there is none yet. */
export async function readPidFile(path: string): Promise<number | undefined> {
  const pid = Number.parseInt(await readFile(path, 'utf8').catch(() => ''), 10);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/** The state stands after the name, which is in brackets and may hold anything. */
function isDead(stat: string): boolean {
  return /[ZX]/.test(stat.charAt(stat.lastIndexOf(')') + 2));
}

function read(pid: number, file: string): Promise<string | undefined> {
  return readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => undefined);
}
