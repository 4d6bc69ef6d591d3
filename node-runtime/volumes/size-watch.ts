import { join } from 'node:path';
import { parseQuantity } from '#api/foundation/quantity.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { run } from '../host/command.ts';

/** The first emptyDir on disk that has outgrown its sizeLimit, as a sentence. Those in memory are limited by their size. */
export async function outgrownVolume(pod: Pod, volumes: string): Promise<string | undefined> {
  for (const { name, emptyDir } of pod.spec.volumes ?? []) {
    if (emptyDir?.sizeLimit === undefined || emptyDir.medium === 'Memory') continue;
    const limit = parseQuantity(emptyDir.sizeLimit) ?? Number.POSITIVE_INFINITY;
    if ((await usedBytes(join(volumes, name))) > limit) {
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${emptyDir.sizeLimit}".`;
    }
  }
  return undefined;
}

/** Whether it is worth looking at all. */
export function hasLimitedVolume(pod: Pod): boolean {
  return (pod.spec.volumes ?? []).some(
    ({ emptyDir }) => emptyDir?.sizeLimit !== undefined && emptyDir.medium !== 'Memory',
  );
}

async function usedBytes(directory: string): Promise<number> {
  const { stdout } = await run('du', ['--summarize', '--block-size=1', '--one-file-system', '--', directory]);
  return Number.parseInt(stdout, 10) || 0;
}
