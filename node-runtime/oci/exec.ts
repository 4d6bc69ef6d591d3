import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { WeftError } from '#api/foundation/errors.ts';
import { TOOL_ENVIRONMENT } from '../host/command.ts';
import { readPidFile } from '../host/processes.ts';
import type { ExecOptions } from '../pod/containers.ts';
import { execProcess } from './bundle.ts';
import { readSpec } from './container-files.ts';
import type { ContainerPlace, ContainerTools } from './container-tools.ts';
import { sight } from './sighting.ts';

/** What timeout(1) and Kubernetes say of a command that took too long. */
const TIMED_OUT = 124;
/** The OCI runtime tells a command's number within tens of milliseconds; on a machine in distress it takes longer. */
const NUMBER_PATIENCE_MS = 10_000;
const LOOK_MS = 5;

/**
 * Runs a command in a running container, as confined as its first process; resolves with its exit code when it has ended
 * and all output was handed over. The streams given are not ended. Rejects with the signal's reason when aborted, and with a
 * WeftError `ContainerNotRunning`.
 */
export async function execIn(
  tools: ContainerTools,
  place: ContainerPlace,
  argv: readonly string[],
  options: ExecOptions,
): Promise<number> {
  const [{ state }, spec] = await Promise.all([sight(tools, place), readSpec(place.paths)]);
  if (state !== 'running' || spec === undefined) {
    throw new WeftError('ContainerNotRunning', `container ${place.id} is ${state}, so nothing can run in it`);
  }
  const stem = join(place.paths.directory, `exec-${randomUUID()}`);
  const files = { process: `${stem}.json`, pid: `${stem}.pid` };
  await writeFile(files.process, JSON.stringify(execProcess(spec.process, argv, options)), { mode: 0o600 });
  try {
    options.signal?.throwIfAborted();
    return await attend(tools, place.id, files, options);
  } finally {
    await Promise.all(Object.values(files).map((path) => rm(path, { force: true })));
  }
}

function attend(
  { runtime, clock }: ContainerTools,
  id: string,
  files: { readonly process: string; readonly pid: string },
  { stdin, stdout, stderr, timeoutMs, signal }: ExecOptions,
): Promise<number> {
  const args = [...runtime.globalArgs, 'exec', '--process', files.process, '--pid-file', files.pid, id];
  const pipe = (wanted: unknown): 'pipe' | 'ignore' => (wanted === undefined ? 'ignore' : 'pipe');
  const child = spawn(runtime.path, args, {
    stdio: [pipe(stdin), pipe(stdout), pipe(stderr)],
    env: TOOL_ENVIRONMENT,
  });
  if (stdin !== undefined && child.stdin !== null) stdin.pipe(child.stdin.on('error', () => {}));
  if (stdout !== undefined) child.stdout?.pipe(stdout, { end: false });
  if (stderr !== undefined) child.stderr?.pipe(stderr, { end: false });

  return new Promise((resolve, reject) => {
    let verdict: 'timed out' | 'aborted' | undefined;
    let ended = false;
    const stop = (why: typeof verdict): void => {
      verdict ??= why;
      void killExecuted(files.pid, child.pid, () => ended);
    };
    const onAbort = (): void => stop('aborted');
    const timer = timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => stop('timed out'));
    signal?.addEventListener('abort', onAbort, { once: true });
    const settle = (): void => {
      ended = true;
      timer?.cancel();
      signal?.removeEventListener('abort', onAbort);
      if (stdin !== undefined && child.stdin !== null) stdin.unpipe(child.stdin);
    };
    child.on('error', (cause) => {
      settle();
      reject(new WeftError('OciRuntimeFailed', `${runtime.name} cannot be run`, { cause }));
    });
    child.on('close', (code) => {
      settle();
      if (verdict === 'aborted') reject(signal?.reason);
      else resolve(verdict === 'timed out' ? TIMED_OUT : (code ?? 255));
    });
  });
}

/**
 * The command leads a process group of its own in the container: all of it ends, then the one who waits for it. Before its
 * number is known it cannot be ended: killing the OCI runtime in that moment would leave it running, alone.
 */
async function killExecuted(
  pidFile: string,
  runtimePid: number | undefined,
  ended: () => boolean,
): Promise<void> {
  for (let waitedMs = 0; !ended() && waitedMs < NUMBER_PATIENCE_MS; waitedMs += LOOK_MS) {
    const pid = await readPidFile(pidFile);
    if (pid !== undefined) {
      kill(-pid);
      break;
    }
    await delay(LOOK_MS);
  }
  if (!ended() && runtimePid !== undefined) kill(runtimePid);
}

function kill(target: number): void {
  try {
    process.kill(target, 'SIGKILL');
  } catch {
    // It has ended meanwhile, which is what was wanted.
  }
}
