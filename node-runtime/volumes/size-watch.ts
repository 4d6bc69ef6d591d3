import { join } from 'node:path';
import { parseQuantity } from '#api/foundation/quantity.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { run } from '../host/command.ts';

/** Where a pod's data lies on disk. */
export interface PodData {
  readonly volumes: string;
  readonly logs: string;
}

/**
 * Why a pod must go because of what it wrote to disk, as the kubelet words it: an emptyDir over its sizeLimit, or
 * volumes and logs together over the sum of the containers' ephemeral-storage limits.
 */
export async function outgrown(pod: Pod, data: PodData): Promise<string | undefined> {
  return (await outgrownVolume(pod, data.volumes)) ?? outgrownStorage(pod, data);
}

/** Whether there is a limit to look after. */
export function hasDiskLimit(pod: Pod): boolean {
  return limitedVolumes(pod).length > 0 || storageLimit(pod) !== undefined;
}

function limitedVolumes(pod: Pod): NonNullable<Pod['spec']['volumes']> {
  return (pod.spec.volumes ?? []).filter(
    ({ emptyDir }) => emptyDir?.sizeLimit !== undefined && emptyDir.medium !== 'Memory',
  );
}

function storageLimit({ spec }: Pod): number | undefined {
  const limits = spec.containers.flatMap(({ resources }) => resources?.limits?.['ephemeral-storage'] ?? []);
  if (limits.length < spec.containers.length) return undefined;
  return limits.reduce<number>((sum, limit) => sum + (parseQuantity(limit) ?? 0), 0);
}

async function outgrownStorage(pod: Pod, { volumes, logs }: PodData): Promise<string | undefined> {
  const limit = storageLimit(pod);
  if (limit === undefined) return undefined;
  const used = (await Promise.all([usedBytes(volumes), usedBytes(logs)])).reduce(
    (sum, each) => sum + each,
    0,
  );
  return used > limit
    ? `Pod ephemeral local storage usage exceeds the total limit of containers ${limit}.`
    : undefined;
}

async function outgrownVolume(pod: Pod, volumes: string): Promise<string | undefined> {
  for (const { name, emptyDir } of limitedVolumes(pod)) {
    const limit = parseQuantity(emptyDir?.sizeLimit ?? '') ?? Number.POSITIVE_INFINITY;
    if ((await usedBytes(join(volumes, name))) > limit) {
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${emptyDir?.sizeLimit}".`;
    }
  }
  return undefined;
}

async function usedBytes(directory: string): Promise<number> {
  const { stdout } = await run('du', ['--summarize', '--block-size=1', '--one-file-system', '--', directory]);
  return Number.parseInt(stdout, 10) || 0;
}
