import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '#api/foundation/errors.ts';
import type { PayloadFile } from './payload.ts';

/**
 * A directory whose files change all at once, laid out as the kubelet does it, because programs know the layout:
 *
 *   ..2024_01_02.x7f3/app.conf      the files of one version
 *   ..data -> ..2024_01_02.x7f3     replaced by rename
 *   app.conf -> ..data/app.conf     what the program opens
 */

export interface Ownership {
  /** Group that may read the files too (fsGroup). */
  readonly gid: number | undefined;
}

const DATA = '..data';

/** Writes `files` as the directory's new contents. False when they were its contents already. */
export async function writeAtomically(
  root: string,
  files: readonly PayloadFile[],
  owner: Ownership,
): Promise<boolean> {
  const current = await readlink(join(root, DATA)).catch(() => undefined);
  if (current !== undefined && (await isSame(join(root, current), files))) return false;
  const version = await mkdtemp(
    join(root, `..${new Date().toISOString().slice(0, 19).replace(/[-T:]/g, '_')}.`),
  );
  await chmod(version, 0o755);
  for (const file of files) await writeOne(version, file, owner);
  await pointTo(root, version.slice(root.length + 1));
  await link(root, files);
  if (current !== undefined) await rm(join(root, current), { recursive: true, force: true });
  return true;
}

async function isSame(version: string, files: readonly PayloadFile[]): Promise<boolean> {
  for (const file of files) {
    const bytes = await readFile(join(version, file.path)).catch(() => undefined);
    if (bytes === undefined || !bytes.equals(file.bytes)) return false;
  }
  return (await countFiles(version)) === files.length;
}

async function countFiles(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).length;
}

async function writeOne(version: string, file: PayloadFile, { gid }: Ownership): Promise<void> {
  const path = join(version, file.path);
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await writeFile(path, file.bytes, { mode: 0o600 });
  if (gid !== undefined) await chown(path, 0, gid);
  await chmod(path, gid === undefined ? file.mode : file.mode | 0o440);
}

async function pointTo(root: string, version: string): Promise<void> {
  const next = join(root, '..data_tmp');
  await rm(next, { force: true });
  await symlink(version, next);
  await rename(next, join(root, DATA));
}

/** One link per first path component; those of files that are gone go. */
async function link(root: string, files: readonly PayloadFile[]): Promise<void> {
  const wanted = new Set(files.map((file) => file.path.split('/')[0] ?? ''));
  for (const name of wanted) {
    await symlink(join(DATA, name), join(root, name)).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  }
  for (const name of await readdir(root)) {
    if (name.startsWith('..') || wanted.has(name)) continue;
    if ((await lstat(join(root, name))).isSymbolicLink()) await rm(join(root, name));
  }
}
