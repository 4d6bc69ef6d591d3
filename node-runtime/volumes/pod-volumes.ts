import { chmod, chown, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseQuantity } from '#api/foundation/quantity.ts';
import type { Pod } from '#api/kinds/pod.ts';
import type { Volume } from '#api/kinds/pod-spec.ts';
import { writeAtomically } from './atomic-directory.ts';
import { prepareHostPath } from './host-path.ts';
import { configMapData, failedMount, type PayloadFile, payload, secretData } from './payload.ts';
import { isInMemory, mountTmpfs } from './tmpfs.ts';
import type { VolumeSources } from './volume-sources.ts';

/** A volume that is there on the node. */
export interface ReadyVolume {
  readonly path: string;
  /** ConfigMaps and Secrets cannot be written, whatever the mount says. */
  readonly readOnly: boolean;
}

/** Objects hold 1 MiB at most; two versions at once during an update, and directories. */
const SECRET_TMPFS_BYTES = 4 * 2 ** 20;

const VOLUME_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Directories of one pod's volumes. */
export interface VolumePlaces {
  /** Closed to everybody but root, in the run directory. */
  readonly memory: string;
  /** On disk: for what a pod may fill. */
  readonly disk: string;
}

/**
 * Puts one volume of a pod on the node, under its name; idempotent, and called again to bring a ConfigMap or
 * Secret up to date. Throws a WeftError `FailedMount`.
 */
export async function prepareVolume(
  volume: Volume,
  pod: Pod,
  places: VolumePlaces,
  sources: VolumeSources,
): Promise<ReadyVolume> {
  if (!VOLUME_NAME.test(volume.name)) {
    throw failedMount(`volume name "${volume.name}" is not a DNS label`, 'use a-z, 0-9 and "-"');
  }
  const onDisk = volume.emptyDir !== undefined && volume.emptyDir.medium !== 'Memory';
  const path = join(onDisk ? places.disk : places.memory, volume.name);
  const gid = pod.spec.securityContext?.fsGroup;
  if (volume.hostPath !== undefined) return { path: await prepareHostPath(volume.hostPath), readOnly: false };
  if (volume.emptyDir !== undefined) {
    await prepareEmptyDir(path, volume.emptyDir, gid);
    return { path, readOnly: false };
  }
  const files = await filesOf(volume, pod.metadata.namespace ?? '', sources);
  await mkdir(path, { recursive: true, mode: 0o755 });
  if (volume.secret !== undefined && !(await isInMemory(path))) {
    await mountTmpfs(path, { sizeBytes: SECRET_TMPFS_BYTES, mode: '755' });
  }
  await writeAtomically(path, files, { gid });
  return { path, readOnly: true };
}

/** Whether a change of the object would show in the volume. */
export function projects(volume: Volume, kind: 'ConfigMap' | 'Secret', name: string): boolean {
  return kind === 'ConfigMap' ? volume.configMap?.name === name : volume.secret?.secretName === name;
}

async function filesOf(volume: Volume, namespace: string, sources: VolumeSources): Promise<PayloadFile[]> {
  const { configMap, secret } = volume;
  if (configMap !== undefined) {
    const object = await sources.configMap(namespace, configMap.name);
    return payload(object && configMapData(object), { title: `ConfigMap "${configMap.name}"`, ...configMap });
  }
  const name = secret?.secretName ?? '';
  const object = await sources.secret(namespace, name);
  return payload(object && secretData(object), { title: `Secret "${name}"`, ...secret });
}

/** Open to every uid of the pod, as in Kubernetes; files made in it belong to the pod's group when it has one. */
async function prepareEmptyDir(
  path: string,
  { medium, sizeLimit }: NonNullable<Volume['emptyDir']>,
  gid: number | undefined,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await mkdir(path, { recursive: true });
  if (medium === 'Memory') {
    const sizeBytes = sizeLimit === undefined ? undefined : parseQuantity(sizeLimit);
    await mountTmpfs(path, { sizeBytes, mode: '777' });
  }
  if (gid !== undefined) await chown(path, 0, gid);
  await chmod(path, gid === undefined ? 0o777 : 0o2777);
}
