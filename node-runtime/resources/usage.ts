import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CgroupLayout } from './cgroup-layout.ts';

export interface Usage {
  readonly memoryBytes: number;
  readonly cpuNs: number;
  readonly pids: number;
}

/** What a cgroup has used so far; undefined when it is gone. */
export async function readUsage(layout: CgroupLayout, cgroup: string): Promise<Usage | undefined> {
  const read = (controller: string, file: string) => readCgroupFile(layout.rootOf(controller), cgroup, file);
  const v2 = layout.mode === 'v2';
  const [memory, cpu, pids] = await Promise.all([
    read('memory', v2 ? 'memory.current' : 'memory.usage_in_bytes'),
    read('cpuacct', v2 ? 'cpu.stat' : 'cpuacct.usage'),
    read('pids', 'pids.current'),
  ]);
  if (memory === undefined || cpu === undefined || pids === undefined) return undefined;
  return {
    memoryBytes: Number(memory),
    cpuNs: v2 ? (keyed(cpu, 'usage_usec') ?? 0) * 1_000 : Number(cpu),
    pids: Number(pids),
  };
}

/**
 * How many processes of the cgroup the kernel killed for want of memory. Must be read before the container is deleted:
 * the count goes with the cgroup.
 */
export async function readOomKills(layout: CgroupLayout, cgroup: string): Promise<number> {
  const file = layout.mode === 'v2' ? 'memory.events' : 'memory.oom_control';
  return keyed((await readCgroupFile(layout.rootOf('memory'), cgroup, file)) ?? '', 'oom_kill') ?? 0;
}

/** A number out of a "flat keyed" file: lines of `key value`. */
export function keyed(text: string, key: string): number | undefined {
  const line = text.split('\n').find((line) => line.startsWith(`${key} `));
  return line === undefined ? undefined : Number(line.slice(key.length + 1));
}

async function readCgroupFile(
  root: string | undefined,
  cgroup: string,
  file: string,
): Promise<string | undefined> {
  if (root === undefined) return undefined;
  return readFile(join(root, cgroup, file), 'utf8').catch(() => undefined);
}
