import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { WeftError } from '#api/foundation/errors.ts';
import { TOOL_ENVIRONMENT } from '../host/command.ts';
import type { ContainerPaths } from './container-files.ts';
import type { OciRuntime } from './runtime.ts';

/**
 * conmon is the parent of a container's first process: it holds its output and learns its exit code, whoever else dies. It
 * makes itself a daemon, and lives in a cgroup of the mesh, so that nothing which ends the node runtime ends it.
 *
 *   we                     conmon                       OCI runtime
 *   spawn ───────────────▶ waits on the start pipe
 *   write its number into the monitors' cgroup
 *   start pipe: a byte ──▶ forks into the background, runs ──▶ create
 *   sync pipe ◀─────────── {"data": pid}, or {"data": -1, "message": why}
 */

/** The program that watches a container; found in the search path of host tools. */
const MONITOR = 'conmon';

/** Creating takes well under a second; on a machine in distress it may take long, but not for ever. */
const CREATE_TIMEOUT_MS = 60_000;

export interface MonitorPlan {
  readonly id: string;
  readonly paths: ContainerPaths;
  readonly exitDirectory: string;
  readonly logPath: string;
  /** Directories of the monitor's cgroup. */
  readonly cgroups: readonly string[];
}

/** Creates the container through a new monitor. Throws a WeftError `CreateFailed` with the OCI runtime's words, if it gave any. */
export async function createMonitored(runtime: OciRuntime, plan: MonitorPlan): Promise<void> {
  await Promise.all(plan.cgroups.map((directory) => mkdir(directory, { recursive: true })));
  const child = spawn(MONITOR, monitorArguments(runtime, plan), {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...TOOL_ENVIRONMENT, _OCI_SYNCPIPE: '3', _OCI_STARTPIPE: '4' },
    detached: true,
    // conmon leaves a file called `oom` where it works.
    cwd: plan.paths.directory,
  });
  const failed = new Promise<never>((_, reject) =>
    child.on('error', (cause) =>
      reject(new WeftError('CreateFailed', 'conmon cannot be run', { remedy: 'run: weft setup', cause })),
    ),
  );
  const [, , errors, sync, start] = child.stdio as unknown as [null, null, Readable, Readable, Writable];
  start.on('error', () => {});
  const told = firstMessage(sync, textOf(errors));
  try {
    if (child.pid !== undefined) await moveTo(child.pid, plan.cgroups);
    start.end('\0');
    const message = await Promise.race([told, failed]);
    if (message.pid > 0) return;
    throw new WeftError('CreateFailed', message.words);
  } finally {
    for (const stream of [errors, sync, start]) stream.destroy();
    child.unref();
  }
}

function monitorArguments(runtime: OciRuntime, { id, paths, exitDirectory, logPath }: MonitorPlan): string[] {
  const runtimeArgs = [...runtime.globalArgs, '--log', paths.runtimeLog, '--log-format', 'json'];
  return [
    ...['--api-version', '1', '-c', id, '-u', id, '-n', id, '-b', paths.directory, '-r', runtime.path],
    ...runtimeArgs.map((argument) => `--runtime-arg=${argument}`),
    ...['-p', paths.pid, '-P', paths.monitorPid, '--exit-dir', exitDirectory, '--full-attach'],
    // Without a size: conmon would throw the whole log away at it. Logs are rotated by us (node-runtime/logs).
    ...['-l', `k8s-file:${logPath}`, '--log-level', 'error'],
  ];
}

async function moveTo(pid: number, cgroups: readonly string[]): Promise<void> {
  await Promise.all(cgroups.map((directory) => writeFile(join(directory, 'cgroup.procs'), String(pid))));
}

interface Message {
  readonly pid: number;
  readonly words: string;
}

/** The first line of the sync pipe; without one, what conmon wrote to standard error. */
function firstMessage(sync: Readable, errors: () => string): Promise<Message> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(
      () => reject(new WeftError('CreateFailed', 'the OCI runtime does not answer')),
      CREATE_TIMEOUT_MS,
    );
    const finish = (): void => {
      clearTimeout(timer);
      resolve(parseMessage(text) ?? { pid: -1, words: errors().trim() || 'conmon ended without a word' });
    };
    sync.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (text.includes('\n') || text.length > 65_536) finish();
    });
    for (const event of ['end', 'error', 'close']) sync.on(event, finish);
  });
}

/** What conmon says: `data` is the container's first process, or -1 with a `message`. Pure. */
export function parseMessage(text: string): Message | undefined {
  try {
    const { data, message } = JSON.parse(text.split('\n')[0] ?? '') as Record<string, unknown>;
    if (typeof data !== 'number') return undefined;
    return { pid: data, words: typeof message === 'string' ? message.trim() : 'no reason was given' };
  } catch {
    return undefined;
  }
}

function textOf(stream: Readable): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    if (text.length < 4_096) text += chunk.toString('utf8');
  });
  return () => text;
}
