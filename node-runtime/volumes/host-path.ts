import type { Stats } from 'node:fs';
import { lstat, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Volume } from '#api/kinds/pod-spec.ts';
import { failedMount } from './payload.ts';

type HostPath = NonNullable<Volume['hostPath']>;
type Type = NonNullable<HostPath['type']>;

/** What must be there for each type; `…OrCreate` makes it. */
const EXPECTED: Readonly<Partial<Record<Type, { is: (stats: Stats) => boolean; word: string }>>> = {
  Directory: { is: (stats) => stats.isDirectory(), word: 'a directory' },
  DirectoryOrCreate: { is: (stats) => stats.isDirectory(), word: 'a directory' },
  File: { is: (stats) => stats.isFile(), word: 'a file' },
  FileOrCreate: { is: (stats) => stats.isFile(), word: 'a file' },
  Socket: { is: (stats) => stats.isSocket(), word: 'a socket' },
};

/**
 * Checks a path of the node as Kubernetes does for each type. Whoever may create pods with hostPath volumes is as
 * good as root on the node, in Kubernetes too.
 */
export async function prepareHostPath({ path, type = '' }: HostPath): Promise<string> {
  if (!path.startsWith('/') || path.split('/').includes('..') || path.includes('\0')) {
    throw failedMount(`hostPath "${path}" is not an absolute path`, 'write an absolute path without ".."');
  }
  if (type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 });
  if (type === 'FileOrCreate') await createFile(path);
  const expected = EXPECTED[type];
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) {
    throw failedMount(
      `hostPath ${path} does not exist`,
      'create it, or use type DirectoryOrCreate or FileOrCreate',
    );
  }
  if (expected !== undefined && !expected.is(stats)) {
    throw failedMount(`hostPath ${path} is not ${expected.word}`, 'correct the path or the type');
  }
  return path;
}

async function createFile(path: string): Promise<void> {
  if ((await lstat(path).catch(() => undefined)) !== undefined) return;
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await (await open(path, 'a', 0o644)).close();
}
