import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { MeshConfig } from '#api/mesh/config.ts';
import { namesIn } from '../host/directories.ts';
import { NETNS_DIRECTORY } from './names.ts';

/** What a sandbox was made of; written last, so that its presence says that the sandbox is whole. */
const SandboxRecord = z.object({ name: z.string(), podUid: z.string(), ip: z.string() });
export type SandboxRecord = z.infer<typeof SandboxRecord>;

export function sandboxesDirectory(config: Pick<MeshConfig, 'runDir'>): string {
  return join(config.runDir, 'sandboxes');
}

export function sandboxPaths(config: Pick<MeshConfig, 'runDir'>, name: string) {
  const directory = join(sandboxesDirectory(config), name);
  return {
    directory,
    /** Pinned namespaces. */
    net: join(directory, 'net'),
    ipc: join(directory, 'ipc'),
    uts: join(directory, 'uts'),
    links: join(directory, 'links'),
    rules: join(directory, 'rules'),
    record: join(directory, 'sandbox.json'),
    /** The name by which `ip netns` knows it. */
    netnsLink: join(NETNS_DIRECTORY, name),
  } as const;
}

export async function readSandboxRecord(
  config: Pick<MeshConfig, 'runDir'>,
  name: string,
): Promise<SandboxRecord | undefined> {
  const text = await readFile(sandboxPaths(config, name).record, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = SandboxRecord.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}

export async function writeSandboxRecord(
  config: Pick<MeshConfig, 'runDir'>,
  record: SandboxRecord,
): Promise<void> {
  const { record: path } = sandboxPaths(config, record.name);
  await writeFile(`${path}.new`, JSON.stringify(record));
  await rename(`${path}.new`, path);
}

export async function sandboxDirectories(config: Pick<MeshConfig, 'runDir'>): Promise<string[]> {
  return namesIn(sandboxesDirectory(config));
}

export async function makeSandboxDirectory(config: Pick<MeshConfig, 'runDir'>, name: string): Promise<void> {
  const { directory, net, ipc, uts, netnsLink } = sandboxPaths(config, name);
  await Promise.all([
    mkdir(directory, { recursive: true, mode: 0o700 }),
    mkdir(NETNS_DIRECTORY, { recursive: true }),
    rm(netnsLink, { force: true }),
  ]);
  await Promise.all([symlink(net, netnsLink), ...[net, ipc, uts].map((path) => writeFile(path, ''))]);
}

export async function removeSandboxDirectory(
  config: Pick<MeshConfig, 'runDir'>,
  name: string,
): Promise<void> {
  const { directory, netnsLink } = sandboxPaths(config, name);
  await Promise.all([rm(netnsLink, { force: true }), rm(directory, { recursive: true, force: true })]);
}
