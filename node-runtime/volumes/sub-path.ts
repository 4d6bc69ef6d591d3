import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, realpath } from 'node:fs/promises';
import { codeOf } from '#api/foundation/errors.ts';
import { failedMount } from './payload.ts';

/**
 * Opens what a `subPath` names inside a volume. The pod can write into the volume, so it may put a symbolic link in
 * the way at any moment: the path is resolved, must lie inside, and is then walked component by component without
 * following links. The caller mounts the open handle (`/proc/self/fd/N`), not the name. As the kubelet does it.
 */

/** From fcntl.h on Linux; Node does not export it. */
const O_PATH = 0o10000000;
const WALK = O_PATH | constants.O_NOFOLLOW;

export async function openSubPath(volume: string, subPath: string): Promise<FileHandle> {
  const root = await realpath(volume);
  const parts = await partsInside(root, subPath);
  let handle = await open(root, WALK | constants.O_DIRECTORY);
  for (const part of parts) {
    const parent = handle;
    try {
      handle = await openChild(parent, part);
    } finally {
      await parent.close();
    }
  }
  return handle;
}

/** Components under `root`, with links that stay inside resolved. What does not exist yet stays as it is written. */
async function partsInside(root: string, subPath: string): Promise<string[]> {
  const written = subPath.split('/').filter((part) => part !== '' && part !== '.');
  if (subPath.startsWith('/') || written.includes('..') || subPath.includes('\0')) throw outside(subPath);
  const resolved = await realpath([root, ...written].join('/')).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw outside(subPath);
  });
  if (resolved === undefined) return written;
  if (resolved !== root && !resolved.startsWith(`${root}/`)) throw outside(subPath);
  return resolved
    .slice(root.length)
    .split('/')
    .filter((part) => part !== '');
}

/** Opens one name in a directory, which is made when it is missing. A link here was put there since: refused. */
async function openChild(parent: FileHandle, name: string): Promise<FileHandle> {
  const path = `/proc/self/fd/${parent.fd}/${name}`;
  const child = await open(path, WALK).catch(async (error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
    await mkdir(path, { mode: 0o755 });
    return open(path, WALK);
  });
  if (!(await child.stat()).isSymbolicLink()) return child;
  await child.close();
  throw outside(name);
}

function outside(subPath: string): Error {
  return failedMount(`subPath "${subPath}" leads out of its volume`, 'use a relative path inside the volume');
}
