import { WeftError } from '#api/foundation/errors.ts';
import { livesInCgroup, readPidFile, runsWithArgument } from '../host/processes.ts';
import type { ContainerView, Exit } from '../pod/containers.ts';
import type { CgroupLayout } from '../resources/cgroup-layout.ts';
import { readOomKills } from '../resources/usage.ts';
import { type ContainerPaths, readExitFile, readSpec, readStarted, writeStarted } from './container-files.ts';
import type { ContainerPlace, ContainerTools } from './container-tools.ts';
import type { OciRuntime } from './runtime.ts';

/**
 * What a container is doing, read from files and /proc rather than asked of the OCI runtime, which takes 20 ms to answer.
 * Only between creation and start is it asked: a node runtime may have died after starting and before writing so.
 */
export async function sight(tools: ContainerTools, place: ContainerPlace): Promise<ContainerView> {
  const { layout, clock, runtime } = tools;
  const { id, paths } = place;
  const [spec, pid] = await Promise.all([readSpec(paths), readPidFile(paths.pid)]);
  if (spec === undefined || pid === undefined) return { state: 'absent' };
  const cgroup = spec.linux.cgroupsPath;
  const exit = await readExit(layout, cgroup, paths);
  if (exit !== undefined) return { state: 'exited', exit };
  if (!(await livesInCgroup(pid, cgroup))) {
    return afterLife(tools, place, cgroup);
  }
  const startedAtMs = await readStarted(paths);
  if (startedAtMs !== undefined) return { state: 'running', startedAtMs, pid };
  if ((await askState(runtime, id)) !== 'running') return { state: 'created' };
  const now = clock.wallMs();
  await writeStarted(paths, now);
  return { state: 'running', startedAtMs: now, pid };
}

/** The first process is gone and no exit file is there: the monitor is about to write it, or died. */
async function afterLife(
  { layout, clock }: ContainerTools,
  { id, paths }: ContainerPlace,
  cgroup: string,
): Promise<ContainerView> {
  const deadline = clock.nowMs() + LAST_WORDS_MS;
  for (;;) {
    const monitored = await isMonitored({ id, paths });
    const exit = await readExit(layout, cgroup, paths);
    if (exit !== undefined) return { state: 'exited', exit };
    if (!monitored || clock.nowMs() > deadline) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const oomKilled = (await readOomKills(layout, cgroup)) > 0;
  const exit: Exit = { code: 137, oomKilled, finishedAtMs: clock.wallMs(), known: false };
  return { state: 'exited', exit };
}

/** A monitor writes the exit code once all output is read; that takes no longer than this. */
const LAST_WORDS_MS = 5_000;

export async function isMonitored({ id, paths }: ContainerPlace): Promise<boolean> {
  const monitor = await readPidFile(paths.monitorPid);
  return monitor !== undefined && (await runsWithArgument(monitor, id));
}

async function readExit(
  layout: CgroupLayout,
  cgroup: string,
  paths: ContainerPaths,
): Promise<Exit | undefined> {
  const ended = await readExitFile(paths);
  if (ended === undefined) return undefined;
  const oomKilled = ended.code !== 0 && (await readOomKills(layout, cgroup)) > 0;
  return { ...ended, oomKilled, known: true };
}

/** `creating`, `created`, `running`, `stopped` or `paused`, in the OCI runtime's own view. */
export async function askState(runtime: OciRuntime, id: string): Promise<string | undefined> {
  const { code, stdout } = await runtime.run('state', id);
  if (code !== 0) return undefined;
  try {
    return (JSON.parse(stdout) as { status?: string }).status;
  } catch (cause) {
    throw new WeftError('OciRuntimeFailed', `${runtime.name} state says nothing readable`, { cause });
  }
}
