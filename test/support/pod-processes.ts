import { readdirSync, readFileSync } from 'node:fs';
import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';

/** Host pids of a pod's processes, by the pod's uid in the name of their cgroup. */
export function processesOf(pod: Stored<Pod>): { readonly pid: number; readonly command: string }[] {
  const { uid } = pod.metadata;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        if (!readFileSync(`/proc/${name}/cgroup`, 'utf8').includes(uid)) return [];
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return [{ pid: Number(name), command }];
      } catch {
        return []; // It has ended since.
      }
    });
}
