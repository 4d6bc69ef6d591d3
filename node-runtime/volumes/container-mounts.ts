import { mkdir, open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Container } from '#api/kinds/pod-spec.ts';
import { must } from '../host/command.ts';
import type { Mount } from '../pod/containers.ts';
import { failedMount } from './payload.ts';
import type { ReadyVolume } from './pod-volumes.ts';
import { openSubPath } from './sub-path.ts';
import { unmountUnder } from './tmpfs.ts';

type VolumeMount = NonNullable<Container['volumeMounts']>[number];

/**
 * The mounts of one container from the pod's volumes, outer directories before inner ones. `subPaths` is a directory
 * of the pod where the targets of subPath mounts are pinned.
 */
export async function containerMounts(
  container: Pick<Container, 'name' | 'volumeMounts'>,
  volumes: ReadonlyMap<string, ReadyVolume>,
  subPaths: string,
): Promise<Mount[]> {
  const mounts = await Promise.all(
    (container.volumeMounts ?? []).map(async (mount, index): Promise<Mount> => {
      const volume = volumes.get(mount.name);
      if (volume === undefined)
        throw failedMount(`no volume is named "${mount.name}"`, 'add it under spec.volumes');
      const pin = join(subPaths, container.name, String(index));
      return {
        type: 'bind',
        destination: mount.mountPath,
        source: await sourceOf(mount, volume, pin),
        readOnly: volume.readOnly || mount.readOnly === true,
      };
    }),
  );
  return mounts.sort((a, b) => a.destination.split('/').length - b.destination.split('/').length);
}

async function sourceOf(mount: VolumeMount, volume: ReadyVolume, pin: string): Promise<string> {
  if (mount.subPath === undefined || mount.subPath === '') return volume.path;
  // A pin of an attempt before may be of a volume that has changed since.
  await unmountUnder(pin);
  const target = await openSubPath(volume.path, mount.subPath);
  try {
    await makePin(pin, (await stat(`/proc/self/fd/${target.fd}`)).isDirectory());
    await must('mount', ['--bind', '--', `/proc/${process.pid}/fd/${target.fd}`, pin]);
  } finally {
    await target.close();
  }
  return pin;
}

/** A directory is mounted on a directory, a file on a file. */
async function makePin(pin: string, directory: boolean): Promise<void> {
  await mkdir(directory ? pin : dirname(pin), { recursive: true });
  if (!directory) await (await open(pin, 'a')).close();
}
