/**
 * The background processes of a mesh: a keeper and its program for the control plane, and the same for the node
 * runtime. They are found by their command lines in /proc, never by files: that holds after any of them was killed,
 * and no pid that was reused is ever mistaken.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type MeshConfig, pathsOf } from '#api/mesh/config.ts';
import { cgroupDirectories } from './daemon-cgroup.ts';

export const PROGRAMS = ['control-plane', 'node-runtime'] as const;
export type Program = (typeof PROGRAMS)[number];

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
  const main = argv.findIndex((word) => /\/(control-plane|node-runtime)\/main\.ts$/.test(word));
  if (main === -1 || argv[main + 1] !== '--config' || argv[main + 2] !== configPath) return undefined;
  if (argv.includes('--tear-down')) return undefined;
  const program = PROGRAMS.find((name) => argv[main]!.endsWith(`/${name}/main.ts`))!;
  return { program, role: argv.some((word) => word.endsWith('/keeper.sh')) ? 'keeper' : 'program' };
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // It ended meanwhile.
  }
}

export function logOf(config: MeshConfig, program: Program): string {
  const paths = pathsOf(config);
  return program === 'control-plane' ? paths.controlPlaneLog : paths.nodeRuntimeLog;
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
export function startDaemon(config: MeshConfig, program: Program): void {
  const paths = pathsOf(config);
  const log = logOf(config, program);
  mkdirSync(config.runDir, { recursive: true, mode: 0o755 });
  mkdirSync(`${config.dataDir}/log`, { recursive: true, mode: 0o750 });
  const groups = cgroupDirectories(config.id);
  for (const group of groups) mkdirSync(group, { recursive: true });
  const command = [process.execPath, `${ROOT}${program}/main.ts`, '--config', paths.config];
  spawn('/bin/sh', [KEEPER, program, config.runDir, log, groups.join(':'), ...command], {
    detached: true,
    stdio: 'ignore',
    cwd: '/',
  }).unref();
}

const POLL_MS = 20;

/** Ends the processes: SIGTERM to all, SIGKILL to what is left after `patienceMs`. */
export async function stopDaemons(config: MeshConfig, patienceMs: number): Promise<void> {
  const start = performance.now();
  // Keepers first: they pass the signal on, and a program that ends alone would be started again.
  for (const { pid } of findDaemons(config).filter(({ role }) => role === 'keeper')) signal(pid, 'SIGTERM');
  for (const { pid } of findDaemons(config).filter(({ role }) => role === 'program')) signal(pid, 'SIGTERM');
  for (;;) {
    const left = findDaemons(config);
    if (left.length === 0) break;
    if (performance.now() - start > patienceMs) for (const { pid } of left) signal(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  for (const program of PROGRAMS) {
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
