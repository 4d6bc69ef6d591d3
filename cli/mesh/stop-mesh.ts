/** Stops a mesh and removes what it made, whatever state it is in. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WeftError } from '#api/foundation/errors.ts';
import { type MeshConfig, pathsOf } from '#api/mesh/config.ts';
import { ADDONS } from '../addons/addons.ts';
import type { Progress } from '../output/progress.ts';
import type { Directories } from '../session.ts';
import { configOrDerived } from './config-file.ts';
import { sweepCgroups } from './daemon-cgroup.ts';
import { findDaemons, stopDaemons } from './daemons.ts';

const PATIENCE_MS = 10_000;
const RUNTIME = fileURLToPath(new URL('../../node-runtime/main.ts', import.meta.url));

/**
 * True when there was something to stop; a mesh that is down already is swept once more all the same. Throws a WeftError
 * `TearDownFailed` when something is left.
 */
export async function stopMesh(dirs: Directories, progress: Progress): Promise<boolean> {
  const up = existsSync(dirs.runDir) || findDaemons(dirs).length > 0;
  if (!up && !existsSync(pathsOf(dirs).config)) return false;
  const config = configOrDerived(dirs);
  await progress.run('stopping the control plane and the node runtime', () =>
    stopDaemons(config, PATIENCE_MS),
  );
  await progress.run('removing pods, links, rules and mounts', () => tearDown(config));
  await sweepCgroups(config.id, PATIENCE_MS);
  removeRunDirectory(config.runDir);
  return up;
}

/** Removes the data too. Only what a mesh keeps there goes, in case the directory was not the mesh's alone. */
export function purge(dirs: Directories): void {
  const paths = pathsOf(dirs);
  const own = [
    paths.pki,
    paths.kubeconfig,
    paths.config,
    `${paths.config}.new`,
    paths.settings,
    `${paths.settings}.new`,
    paths.podVolumes,
    join(dirs.dataDir, 'log'),
    join(dirs.dataDir, 'cache'),
    join(dirs.dataDir, 'images'),
    join(dirs.dataDir, 'lib'),
    ...ADDONS.map((addon) => addon.directory(dirs)),
  ];
  const stores = safeList(dirs.dataDir)
    .filter((name) => name.startsWith('store.db'))
    .map((name) => join(dirs.dataDir, name));
  for (const path of [...own, ...stores]) rmSync(path, { recursive: true, force: true });
  if (existsSync(dirs.dataDir) && safeList(dirs.dataDir).length === 0) rmdirSync(dirs.dataDir);
}

/**
 * What the node runtime made, the node runtime removes: a process of its own, because this program speaks to it over
 * the wire only.
 */
async function tearDown(config: MeshConfig): Promise<void> {
  const file = pathsOf(config).config;
  const borrowed = existsSync(file) ? undefined : join(config.runDir, 'mesh.json');
  if (borrowed !== undefined) {
    mkdirSync(config.runDir, { recursive: true });
    writeFileSync(borrowed, JSON.stringify(config));
  }
  const child = spawn(process.execPath, [RUNTIME, '--config', borrowed ?? file, '--tear-down'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  if (code === 0) return;
  const last = Buffer.concat(said).toString('utf8').trim().split('\n').slice(-5).join('\n  ');
  throw new WeftError('TearDownFailed', `not everything could be removed:\n  ${last}`, {
    remedy: 'run weft down again; see also: weft doctor',
  });
}

/** Sockets, pid files and empty directories; whatever else someone put there stays. */
function removeRunDirectory(runDir: string): void {
  const paths = pathsOf({ dataDir: runDir, runDir });
  for (const path of [
    paths.xdsSocketDir,
    paths.pods,
    paths.runtimeSocket,
    paths.controlPlanePid,
    paths.nodeRuntimePid,
    join(runDir, 'mesh.json'),
  ]) {
    rmSync(path, { recursive: true, force: true });
  }
  for (const name of safeList(runDir)) {
    try {
      rmdirSync(join(runDir, name));
    } catch {
      // Not an empty directory: not ours.
    }
  }
  if (existsSync(runDir) && safeList(runDir).length === 0) rmdirSync(runDir);
}

function safeList(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
