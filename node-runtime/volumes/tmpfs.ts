import { mkdir, statfs } from 'node:fs/promises';
import { must } from '../host/command.ts';
import { mountsUnder, readMountTable } from '../host/mount-table.ts';

/** `f_type` of tmpfs, from linux/magic.h. */
const TMPFS_MAGIC = 0x01021994;

export async function isInMemory(path: string): Promise<boolean> {
  return (await statfs(path)).type === TMPFS_MAGIC;
}

/** Mounts a tmpfs at `path` unless there is one. */
export async function mountTmpfs(
  path: string,
  options: { readonly sizeBytes: number | undefined; readonly mode: string },
): Promise<void> {
  await mkdir(path, { recursive: true });
  const mounted = mountsUnder(await readMountTable(), path).includes(path);
  if (mounted) return;
  const size = options.sizeBytes === undefined ? [] : [`size=${Math.ceil(options.sizeBytes)}`];
  const flags = ['nosuid', 'nodev', `mode=${options.mode}`, ...size].join(',');
  await must('mount', ['-t', 'tmpfs', '-o', flags, 'weft-volume', path]);
}

/** Unmounts everything at and under `directory`, the deepest first. */
export async function unmountUnder(directory: string): Promise<void> {
  for (const path of mountsUnder(await readMountTable(), directory)) await must('umount', ['--', path]);
}
