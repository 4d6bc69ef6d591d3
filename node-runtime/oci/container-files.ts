import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MeshConfig } from '#api/mesh/config.ts';
import { namesIn } from '../host/directories.ts';
import type { OciSpec } from './spec.ts';

type Directories = Pick<MeshConfig, 'runDir'>;

/** Everything of one container but its log; what is in these files is all that a new node runtime needs to take it over. */
export function containerPaths({ runDir }: Directories, id: string) {
  const directory = join(runDir, 'containers', id);
  return {
    directory,
    spec: join(directory, 'config.json'),
    root: join(directory, 'root'),
    /** Written by conmon once the container is created. */
    pid: join(directory, 'pid'),
    monitorPid: join(directory, 'conmon.pid'),
    /** A named pipe on which conmon takes orders. */
    control: join(directory, 'ctl'),
    /** Written by us after a start: milliseconds since the epoch. */
    started: join(directory, 'started'),
    /** The OCI runtime's complaints, JSON lines. */
    runtimeLog: join(directory, 'runtime.log'),
    /** Written by conmon at the end, by temporary file and rename: the exit code. */
    exit: join(exitDirectory({ runDir }), id),
  } as const;
}
export type ContainerPaths = ReturnType<typeof containerPaths>;

export function exitDirectory({ runDir }: Directories): string {
  return join(runDir, 'exits');
}

/** The OCI runtime's own state. */
export function runtimeRoot({ runDir }: Directories): string {
  return join(runDir, 'oci');
}

export async function makeDirectories(config: Directories): Promise<void> {
  const paths = [join(config.runDir, 'containers'), exitDirectory(config), runtimeRoot(config)];
  await Promise.all(paths.map((path) => mkdir(path, { recursive: true, mode: 0o700 })));
}

/** Ids of all containers of the mesh, also of those that were made only half. */
export async function containerIds(config: Directories): Promise<string[]> {
  const known = await Promise.all([join(config.runDir, 'containers'), runtimeRoot(config)].map(namesIn));
  return [...new Set(known.flat())].sort();
}

/** Undefined as well for a file that was cut off: the node runtime died while it made the container. */
export async function readSpec(paths: ContainerPaths): Promise<OciSpec | undefined> {
  const text = await readFile(paths.spec, 'utf8').catch(() => undefined);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as OciSpec);
  } catch {
    return undefined;
  }
}

export async function writeSpec(paths: ContainerPaths, spec: OciSpec): Promise<void> {
  await writeFile(paths.spec, JSON.stringify(spec), { mode: 0o600 });
}

export async function readStarted(paths: ContainerPaths): Promise<number | undefined> {
  const ms = Number.parseInt(await readFile(paths.started, 'utf8').catch(() => ''), 10);
  return Number.isInteger(ms) ? ms : undefined;
}

export async function writeStarted(paths: ContainerPaths, wallMs: number): Promise<void> {
  await writeFile(paths.started, String(Math.round(wallMs)));
}

/** The exit code that conmon left, with the time of the file; undefined while there is none. */
export async function readExitFile(
  paths: ContainerPaths,
): Promise<{ code: number; finishedAtMs: number } | undefined> {
  const text = await readFile(paths.exit, 'utf8').catch(() => '');
  const code = Number.parseInt(text, 10);
  if (!Number.isInteger(code)) return undefined;
  const { mtimeMs } = await stat(paths.exit);
  return { code, finishedAtMs: Math.round(mtimeMs) };
}
