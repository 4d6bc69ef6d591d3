import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WeftError } from '#api/foundation/errors.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import { type CommandResult, run, TOOL_ENVIRONMENT } from '../host/command.ts';
import type { CgroupMode } from '../resources/cgroup-layout.ts';
import { runtimeRoot } from './container-files.ts';

/** An OCI runtime's command line: runc and crun share it. */
export interface OciRuntime {
  readonly name: 'runc' | 'crun';
  readonly path: string;
  /** Arguments before the verb. */
  readonly globalArgs: readonly string[];
  readonly run: (...args: readonly string[]) => Promise<CommandResult>;
}

/**
 * crun is the faster one, but 1.8 refuses hosts with cgroup v1 controllers beside cgroup2; runc works on all. Pure.
 * Undefined when none of the installed ones fits.
 */
export function chooseRuntime(
  installed: ReadonlySet<string>,
  mode: CgroupMode,
  forced: MeshConfig['ociRuntime'],
): 'runc' | 'crun' | undefined {
  if (forced !== undefined) return installed.has(forced) ? forced : undefined;
  if (installed.has('crun') && mode !== 'hybrid') return 'crun';
  return installed.has('runc') ? 'runc' : undefined;
}

/** Throws a WeftError `OciRuntimeMissing`. */
export async function findRuntime(
  config: Pick<MeshConfig, 'runDir' | 'ociRuntime'>,
  mode: CgroupMode,
): Promise<OciRuntime> {
  const paths = new Map<string, string>();
  for (const name of ['crun', 'runc']) {
    const path = await findProgram(name);
    if (path !== undefined) paths.set(name, path);
  }
  const name = chooseRuntime(new Set(paths.keys()), mode, config.ociRuntime);
  const path = name === undefined ? undefined : paths.get(name);
  if (name === undefined || path === undefined) {
    const wanted = config.ociRuntime ?? (mode === 'hybrid' ? 'runc' : 'runc or crun');
    throw new WeftError('OciRuntimeMissing', `${wanted} is not installed`, { remedy: 'run: weft setup' });
  }
  const globalArgs = [
    '--root',
    runtimeRoot(config),
    ...(name === 'crun' ? ['--cgroup-manager=cgroupfs'] : []),
  ];
  return { name, path, globalArgs, run: (...args) => run(path, [...globalArgs, ...args]) };
}

/** Full path of a program in the search path of host tools. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const directory of TOOL_ENVIRONMENT['PATH']!.split(':')) {
    const path = join(directory, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/** The last complaint in an OCI runtime's JSON log: the words for the user. */
export async function lastComplaint(logPath: string): Promise<string | undefined> {
  const text = await readFile(logPath, 'utf8').catch(() => '');
  return parseComplaint(text);
}

/** Pure. */
export function parseComplaint(log: string): string | undefined {
  const messages = log.split('\n').flatMap((line) => {
    try {
      const { level, msg } = JSON.parse(line) as { level?: string; msg?: string };
      return level === 'error' && msg !== undefined ? [msg] : [];
    } catch {
      return [];
    }
  });
  return messages.at(-1)?.slice(0, 1_000);
}
