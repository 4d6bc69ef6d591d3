import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, sleep } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import { type MeshConfig, pathsOf } from '#api/mesh/config.ts';
import { readPidFile, runsWithArgument } from '../host/processes.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

/** Small and steady: names and packets. */
const FLAGS = ['--max-old-space-size=64', '--max-semi-space-size=1'];

/** How soon a name server that ended is noticed. */
const CHECK_MS = 500;
/** How long a name server may take to end when it is told to. */
const STOP_MS = 2_000;

function pidFile(config: Pick<MeshConfig, 'runDir'>): string {
  return join(config.runDir, 'dns', 'name-server.pid');
}

/** Pid of the mesh's name server, whichever node runtime started it. */
async function running(config: MeshConfig): Promise<number | undefined> {
  const pid = await readPidFile(pidFile(config));
  if (pid === undefined) return undefined;
  const ours = (await runsWithArgument(pid, MAIN)) && (await runsWithArgument(pid, pathsOf(config).config));
  return ours ? pid : undefined;
}

/** Sees to it that a name server runs, until the signal aborts; it goes on running then. */
export async function keepNameServer(
  config: MeshConfig,
  tools: { clock: Clock; logger: Logger; signal: AbortSignal },
): Promise<void> {
  while (!tools.signal.aborted) {
    try {
      if ((await running(config)) === undefined) await launch(config, tools.logger);
    } catch (error) {
      tools.logger.error('the name server cannot be started', { reason: messageOf(error) });
    }
    await sleep(tools.clock, CHECK_MS, tools.signal).catch(() => {});
  }
}

async function launch(config: MeshConfig, logger: Logger): Promise<void> {
  const paths = pathsOf(config);
  const log = join(dirname(paths.nodeRuntimeLog), 'dns.log');
  mkdirSync(dirname(log), { recursive: true });
  mkdirSync(dirname(pidFile(config)), { recursive: true, mode: 0o700 });
  const output = openSync(log, 'a', 0o640);
  const child = spawn(process.execPath, [...FLAGS, MAIN, '--config', paths.config], {
    detached: true,
    stdio: ['ignore', output, output],
    cwd: '/',
  });
  closeSync(output);
  child.on('error', (error) => logger.error('the name server cannot be started', { reason: error.message }));
  child.unref();
  if (child.pid !== undefined) await writeFile(pidFile(config), String(child.pid));
  logger.info('name server started', { pid: child.pid, log });
}

/** Ends the mesh's name server, if there is one. */
export async function stopNameServer(config: MeshConfig, clock: Clock): Promise<void> {
  const pid = await running(config);
  if (pid !== undefined) {
    process.kill(pid, 'SIGTERM');
    const deadlineMs = clock.nowMs() + STOP_MS;
    while ((await running(config)) === pid) {
      if (clock.nowMs() > deadlineMs) process.kill(pid, 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  await rm(dirname(pidFile(config)), { recursive: true, force: true });
}
