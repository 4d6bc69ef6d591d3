import { readdir, readFile } from 'node:fs/promises';
import type { MeshConfig } from '#api/mesh/config.ts';
import { type Summary, summarise } from './statistics.ts';

export interface SidecarMemory {
  /** Proportional set size, MiB: private pages plus each shared page's share (`smaps_rollup`). */
  readonly pssMiB: Summary;
  readonly rssMiB: Summary;
}

/** Memory of every sidecar process of this mesh, now. */
export async function measureSidecarMemory(config: MeshConfig): Promise<SidecarMemory> {
  const pss: number[] = [];
  const rss: number[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || !(await isSidecarOf(config, pid))) continue;
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    const kib = (field: string): number =>
      Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1]);
    pss.push(kib('Pss') / 1024);
    rss.push(kib('Rss') / 1024);
  }
  if (pss.length === 0) throw new Error('no sidecar is running');
  return { pssMiB: summarise(pss), rssMiB: summarise(rss) };
}

async function isSidecarOf(config: MeshConfig, pid: string): Promise<boolean> {
  const [status, cgroup] = await Promise.all(
    ['status', 'cgroup'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
  );
  return /^Uid:\s+1337\b/m.test(status ?? '') && (cgroup ?? '').includes(`/weft-${config.id}/`);
}
