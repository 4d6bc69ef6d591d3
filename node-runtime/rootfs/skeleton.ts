import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../host/command.ts';
import { mountsUnder, readMountTable } from '../host/mount-table.ts';
import type { HostFacts } from './host-facts.ts';
import { type Identity, SKELETON_DIRECTORIES, skeletonFiles } from './host-root.ts';

/** A root that is not read-only may be filled up to this, in memory that counts against the container's limit. */
const WRITABLE_ROOT_BYTES = 64 << 20;

/** Makes the skeleton in `directory`; a writable one lies on a small tmpfs of its own, so that it cannot fill the disk. */
export async function makeSkeleton(
  directory: string,
  facts: HostFacts,
  identity: Identity,
  readOnly: boolean,
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  if (!readOnly) {
    const options = `size=${WRITABLE_ROOT_BYTES},mode=755,nosuid,nodev`;
    await must('mount', ['-t', 'tmpfs', '-o', options, 'weft-root', directory]);
  }
  await Promise.all(SKELETON_DIRECTORIES.map((path) => mkdir(join(directory, path), { recursive: true })));
  await chmod(join(directory, 'tmp'), 0o1777);
  await Promise.all([
    ...Object.entries(facts.symlinks).map(([path, target]) => symlink(target, join(directory, path))),
    ...Object.entries(skeletonFiles(identity)).map(([path, text]) => writeFile(join(directory, path), text)),
  ]);
}

/** Removes a directory and the file systems mounted under it, never what they show. */
export async function removeTree(directory: string): Promise<void> {
  const mounts = mountsUnder(await readMountTable(), directory);
  if (mounts.length > 0) await must('umount', ['--lazy', ...mounts]);
  await rm(directory, { recursive: true, force: true });
}
