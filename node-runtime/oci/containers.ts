import type { Clock } from '#api/foundation/clock.ts';
import { WeftError } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import { livesInCgroup } from '../host/processes.ts';
import type { Containers } from '../pod/containers.ts';
import { readCgroupLayout } from '../resources/cgroup-layout.ts';
import { readUsage } from '../resources/usage.ts';
import { awaitExit } from './await-exit.ts';
import { containerIds, exitDirectory, makeDirectories, readSpec, writeStarted } from './container-files.ts';
import { type ContainerPlace, type ContainerTools, placeOf } from './container-tools.ts';
import { createContainer } from './create-container.ts';
import { execIn } from './exec.ts';
import { createExitWatch } from './exit-watch.ts';
import { readContainerHost } from './host.ts';
import { removeContainer } from './remove-container.ts';
import { findRuntime } from './runtime.ts';
import { askState, sight } from './sighting.ts';

/**
 * Containers through an OCI runtime and conmon. Holds no state: everything is in files and in the kernel, so that a node
 * runtime that starts finds what an earlier one left.
 * Throws a WeftError `OciRuntimeMissing`.
 */
export async function createContainers(
  config: MeshConfig,
  { logger, clock }: { logger: Logger; clock: Clock },
): Promise<Containers> {
  const layout = await readCgroupLayout();
  const [runtime, host] = await Promise.all([findRuntime(config, layout.mode), readContainerHost(layout)]);
  await makeDirectories(config);
  logger.info('containers are run', {
    component: 'containers',
    runtime: runtime.name,
    cgroups: layout.mode,
    seccomp: host.seccompSource,
  });
  const tools: ContainerTools = { config, runtime, layout, host, clock };
  const exits = createExitWatch(exitDirectory(config), clock);
  const at = (id: string): ContainerPlace => placeOf(tools, id);
  return {
    create: (plan) => createContainer(tools, plan),
    start: async (id) => startContainer(tools, at(id)),
    signal: async (id, name) => signalContainer(tools, at(id), name),
    view: async (id) => sight(tools, at(id)),
    exited: async (id, signal) => awaitExit(exits, id, () => sight(tools, at(id)), signal),
    remove: async (id) => removeContainer(runtime, at(id)),
    list: () => containerIds(config),
    exec: async (id, argv, options) => execIn(tools, at(id), argv, options),
    async usage(id) {
      const spec = await readSpec(at(id).paths);
      return spec === undefined ? undefined : readUsage(layout, spec.linux.cgroupsPath);
    },
  };
}

async function startContainer(
  { runtime, clock }: ContainerTools,
  { id, paths }: ContainerPlace,
): Promise<void> {
  const { code, stderr } = await runtime.run('start', id);
  if (code === 0) return writeStarted(paths, clock.wallMs());
  const state = await askState(runtime, id);
  if (state === 'running' || state === 'stopped') return;
  throw new WeftError('StartFailed', `container ${id} cannot be started: ${stderr.trim().slice(0, 500)}`);
}

/** To the first process, if it runs and is the container's: numbers are given again. */
async function signalContainer(
  tools: ContainerTools,
  place: ContainerPlace,
  name: 'SIGTERM' | 'SIGKILL',
): Promise<void> {
  const [spec, seen] = await Promise.all([readSpec(place.paths), sight(tools, place)]);
  if (seen.state !== 'running' || spec === undefined) return;
  if (await livesInCgroup(seen.pid, spec.linux.cgroupsPath)) process.kill(seen.pid, name);
}
