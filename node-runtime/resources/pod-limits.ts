import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Limits } from '../pod/containers.ts';
import type { CgroupLayout } from './cgroup-layout.ts';
import { CPU_PERIOD_US, cpuOf } from './oci-limits.ts';

/**
 * What all containers of a pod may use together: the sum, where every one of them has a limit (as Kubernetes' pod cgroup).
 * Containers are limited one by one as well; the sum is what holds when limits of single containers are not set.
 */
export function sumOfLimits(limits: readonly Limits[]): Limits {
  const sum = (pick: (limits: Limits) => number | undefined): number | undefined => {
    const values = limits.map(pick);
    if (values.length === 0 || values.includes(undefined)) return undefined;
    return values.reduce<number>((total, value) => total + (value ?? 0), 0);
  };
  const memoryBytes = sum((each) => each.memoryBytes);
  const cpus = sum((each) => each.cpus);
  const cpuRequest = limits.reduce((total, each) => total + (each.cpuRequest ?? 0), 0);
  return {
    pids: limits.reduce((total, each) => total + each.pids, 0),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(cpuRequest === 0 ? {} : { cpuRequest }),
  };
}

export interface CgroupWrite {
  readonly controller: string;
  readonly file: string;
  readonly value: string;
}

/** Pure: the files that say `limits` in the pod's cgroup. */
export function podLimitWrites(limits: Limits, v2: boolean): CgroupWrite[] {
  const cpu = cpuOf(limits);
  const write = (controller: string, file: string, value: number | string | undefined): CgroupWrite[] =>
    value === undefined ? [] : [{ controller, file, value: String(value) }];
  if (v2) {
    return [
      ...write('memory', 'memory.max', limits.memoryBytes),
      ...write('cpu', 'cpu.max', cpu.quota === undefined ? undefined : `${cpu.quota} ${CPU_PERIOD_US}`),
      ...write('cpu', 'cpu.weight', cpu.shares === undefined ? undefined : weightOf(cpu.shares)),
      ...write('pids', 'pids.max', limits.pids),
    ];
  }
  return [
    ...write('memory', 'memory.limit_in_bytes', limits.memoryBytes),
    ...write('cpu', 'cpu.cfs_period_us', cpu.period),
    ...write('cpu', 'cpu.cfs_quota_us', cpu.quota),
    ...write('cpu', 'cpu.shares', cpu.shares),
    ...write('pids', 'pids.max', limits.pids),
  ];
}

/** cgroup v1 shares (2..262144) as v2 weight (1..10000): the formula of KEP-2254 and runc. */
export function weightOf(shares: number): number {
  return Math.floor(1 + ((shares - 2) * 9_999) / 262_142);
}

/** Makes the pod's cgroup, limited, before any of its processes exist. */
export async function limitPod(layout: CgroupLayout, cgroup: string, limits: Limits): Promise<void> {
  const v2 = layout.mode === 'v2';
  const roots = new Set<string>();
  for (const { controller, file, value } of podLimitWrites(limits, v2)) {
    const root = layout.rootOf(controller);
    if (root === undefined) continue;
    if (!roots.has(root)) {
      roots.add(root);
      await mkdir(join(root, cgroup), { recursive: true });
      if (v2) await delegate(root, cgroup);
    }
    await writeFile(join(root, cgroup, file), value);
  }
}

/** In v2 a controller works in a cgroup only when every ancestor hands it down. */
async function delegate(root: string, cgroup: string): Promise<void> {
  const mesh = join(root, dirname(cgroup));
  for (const directory of [root, mesh, join(root, cgroup)]) {
    await writeFile(join(directory, 'cgroup.subtree_control'), '+cpu +memory +pids');
  }
}
