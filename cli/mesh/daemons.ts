/**
 * The background processes of a mesh: a keeper and its program for the control plane, the same for the node runtime,
 * and for each addon. They are found by their command lines in /proc, never by files: that holds after any of them was killed,
 * and no pid that was reused is ever mistaken.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type MeshConfig, pathsOf } from '#api/mesh/config.ts';
import type { Addon, AddonName } from '../addons/addon.ts';
import { ADDONS, configuredAddons } from '../addons/addons.ts';
import { cgroupDirectories, limitCgroups } from './daemon-cgroup.ts';

export const PROGRAMS = ['control-plane', 'node-runtime'] as const;
/** What a mesh is made of. */
export type MeshProgram = (typeof PROGRAMS)[number];
export type Program = MeshProgram | AddonName;

export interface Daemon {
  readonly program: Program;
  readonly role: 'keeper' | 'program';
  readonly pid: number;
}

const KEEPER = fileURLToPath(new URL('../supervisor/keeper.sh', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Every process of this mesh's daemons that is alive now. */
export function findDaemons(config: Pick<MeshConfig, 'dataDir' | 'runDir'>): Daemon[] {
  const { config: path } = pathsOf(config);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const daemon = daemonOf(commandLine(name), path);
      return daemon === undefined ? [] : [{ ...daemon, pid: Number(name) }];
    });
}

/** What a command line is for the mesh whose configuration file is `configPath`. Pure. */
export function daemonOf(argv: readonly string[], configPath: string): Omit<Daemon, 'pid'> | undefined {
  const program = meshProgramOf(argv, configPath) ?? ADDONS.find(({ owns }) => owns(argv, configPath))?.name;
  if (program === undefined) return undefined;
  return { program, role: argv.some((word) => word.endsWith('/keeper.sh')) ? 'keeper' : 'program' };
}

function meshProgramOf(argv: readonly string[], configPath: string): MeshProgram | undefined {
  const main = argv.findIndex((word) => /\/(control-plane|node-runtime)\/main\.ts$/.test(word));
  if (main === -1 || argv[main + 1] !== '--config' || argv[main + 2] !== configPath) return undefined;
  if (argv.includes('--tear-down')) return undefined;
  return PROGRAMS.find((name) => argv[main]!.endsWith(`/${name}/main.ts`));
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // It ended meanwhile.
  }
}

export function logOf(config: MeshConfig, program: Program): string {
  return join(config.dataDir, 'log', `${program}.log`);
}

/** How often the keeper had to start the program again, since it keeps it. */
export function restartsOf(config: MeshConfig, program: Program): number {
  try {
    return Number(readFileSync(`${config.runDir}/${program}.restarts`, 'utf8'));
  } catch {
    return 0;
  }
}

/** Starts a keeper with its program, in a session of its own. Returns at once. */
export function startDaemon(config: MeshConfig, program: MeshProgram): void {
  const groups = cgroupDirectories(config.id);
  for (const group of groups) mkdirSync(group, { recursive: true });
  keep(config, program, groups, {
    command: [process.execPath, `${ROOT}${program}/main.ts`, '--config', pathsOf(config).config],
    directory: '/',
    env: process.env,
  });
}

/** The same for an addon, in a limited cgroup of its own. */
export function startAddon(config: MeshConfig, addon: Addon): void {
  const groups = cgroupDirectories(config.id, addon.name);
  limitCgroups(groups, addon.limits);
  keep(config, addon.name, groups, {
    command: addon.command(config),
    directory: addon.directory(config),
    env: addon.env,
  });
}

interface Kept {
  readonly command: readonly string[];
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
}

function keep(config: MeshConfig, program: Program, groups: readonly string[], kept: Kept): void {
  mkdirSync(config.runDir, { recursive: true, mode: 0o755 });
  mkdirSync(`${config.dataDir}/log`, { recursive: true, mode: 0o750 });
  const place = [KEEPER, program, config.runDir, logOf(config, program), groups.join(':')];
  spawn('/bin/sh', [...place, ...kept.command], {
    detached: true,
    stdio: 'ignore',
    cwd: kept.directory,
    env: kept.env,
  }).unref();
}

/** Ends programs of the mesh, which their keepers start again; resolves when the old ones are gone. */
export async function restartPrograms(config: MeshConfig, programs: readonly Program[]): Promise<void> {
  const old = findDaemons(config).filter(
    ({ program, role }) => role === 'program' && programs.includes(program),
  );
  for (const { pid } of old) signal(pid, 'SIGTERM');
  const gone = (): boolean => !findDaemons(config).some(({ pid }) => old.some((each) => each.pid === pid));
  while (!gone()) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

const POLL_MS = 20;

/** Every program that this mesh may run. */
export function programsOf(config: Pick<MeshConfig, 'addons'>): Program[] {
  return [...PROGRAMS, ...configuredAddons(config).map(({ name }) => name)];
}

const ALL: readonly Program[] = [...PROGRAMS, ...ADDONS.map(({ name }) => name)];

/** Ends the processes of `programs`: SIGTERM to all, SIGKILL to what is left after `patienceMs`. */
export async function stopDaemons(config: MeshConfig, patienceMs: number, programs = ALL): Promise<void> {
  const start = performance.now();
  const find = (): Daemon[] => findDaemons(config).filter(({ program }) => programs.includes(program));
  // Keepers first: they pass the signal on, and a program that ends alone would be started again.
  for (const { pid } of find().filter(({ role }) => role === 'keeper')) signal(pid, 'SIGTERM');
  for (const { pid } of find().filter(({ role }) => role === 'program')) signal(pid, 'SIGTERM');
  for (;;) {
    const left = find();
    if (left.length === 0) break;
    if (performance.now() - start > patienceMs) for (const { pid } of left) signal(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  for (const program of programs) {
    for (const file of ['pid', 'restarts']) rmSync(`${config.runDir}/${program}.${file}`, { force: true });
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself.
  }
}
