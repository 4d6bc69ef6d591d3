import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '#api/foundation/clock.ts';
import { WeftError } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import { livesInCgroup } from '../host/processes.ts';
import { gatewayOf } from '../network/addresses.ts';
import type { ContainerPlan, Containers, ContainerView, Exit } from '../pod/containers.ts';
import { monitorCgroup, plainDirectoriesOf, readCgroupLayout } from '../resources/cgroup-layout.ts';
import { readUsage } from '../resources/usage.ts';
import { makeSkeleton } from '../rootfs/skeleton.ts';
import { buildBundle } from './bundle.ts';
import {
  containerIds,
  containerPaths,
  exitDirectory,
  makeDirectories,
  readSpec,
  writeSpec,
  writeStarted,
} from './container-files.ts';
import { execIn } from './exec.ts';
import { createExitWatch } from './exit-watch.ts';
import { bundleInputs, readContainerHost } from './host.ts';
import { createMonitored } from './monitor.ts';
import { removeContainer } from './remove-container.ts';
import { findRuntime, lastComplaint } from './runtime.ts';
import { askState, sight } from './sighting.ts';

const ID = /^[a-z0-9][a-z0-9-]{0,119}$/;

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
  const exits = createExitWatch(exitDirectory(config), clock);
  const log = logger.with({ component: 'containers' });
  log.info('containers are run', {
    runtime: runtime.name,
    cgroups: layout.mode,
    seccomp: host.seccompSource,
  });

  const view = async (id: string): Promise<ContainerView> =>
    sight(runtime, layout, clock, id, containerPaths(config, checkedId(id)));

  async function create(plan: ContainerPlan): Promise<void> {
    const paths = containerPaths(config, checkedId(plan.id));
    if ((await view(plan.id)).state !== 'absent') return;
    if ((await containerIds(config)).includes(plan.id)) await removeContainer(runtime, plan.id, paths);
    try {
      const identity = { uid: plan.uid, gid: plan.gid, nameserver: gatewayOf(config) };
      const spec = buildBundle(plan, bundleInputs(config, host, plan, paths.root));
      await Promise.all([
        makeSkeleton(paths.root, host.facts, identity, plan.readOnlyRoot),
        mkdir(dirname(plan.logPath), { recursive: true }),
      ]);
      await writeSpec(paths, spec);
      await createMonitored(runtime, {
        id: plan.id,
        paths,
        exitDirectory: exitDirectory(config),
        logPath: plan.logPath,
        cgroups: plainDirectoriesOf(layout, monitorCgroup(config.id, plan.podUid)),
      });
    } catch (cause) {
      const words = await lastComplaint(paths.runtimeLog);
      await removeContainer(runtime, plan.id, paths);
      if (words === undefined) throw cause;
      throw new WeftError('CreateFailed', `container ${plan.name} cannot be created: ${words}`, { cause });
    }
  }

  async function start(id: string): Promise<void> {
    const paths = containerPaths(config, checkedId(id));
    const { code, stderr } = await runtime.run('start', id);
    if (code === 0) return writeStarted(paths, clock.wallMs());
    const state = await askState(runtime, id);
    if (state === 'running' || state === 'stopped') return;
    throw new WeftError('StartFailed', `container ${id} cannot be started: ${stderr.trim().slice(0, 500)}`);
  }

  async function signal(id: string, name: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const spec = await readSpec(containerPaths(config, checkedId(id)));
    const seen = await view(id);
    if (seen.state !== 'running' || spec === undefined) return;
    if (await livesInCgroup(seen.pid, spec.linux.cgroupsPath)) process.kill(seen.pid, name);
  }

  async function exited(id: string, abort: AbortSignal): Promise<Exit> {
    return new Promise((resolve, reject) => {
      let looking = false;
      const stop = exits.on(checkedId(id), () => void look());
      const onAbort = (): void => finish(() => reject(abort.reason));
      const finish = (act: () => void): void => {
        stop();
        abort.removeEventListener('abort', onAbort);
        act();
      };
      const look = async (): Promise<void> => {
        if (looking) return;
        looking = true;
        try {
          const seen = await view(id);
          if (seen.state === 'exited') finish(() => resolve(seen.exit));
          if (seen.state === 'absent') {
            finish(() => reject(new WeftError('ContainerNotFound', `there is no container ${id}`)));
          }
        } catch (error) {
          finish(() => reject(error));
        } finally {
          looking = false;
        }
      };
      if (abort.aborted) return onAbort();
      abort.addEventListener('abort', onAbort, { once: true });
      void look();
    });
  }

  return {
    create,
    start,
    signal,
    view,
    exited,
    remove: async (id) => removeContainer(runtime, id, containerPaths(config, checkedId(id))),
    list: () => containerIds(config),
    async exec(id, argv, options) {
      const { state } = await view(id);
      if (state === 'running') {
        return execIn(runtime, clock, id, containerPaths(config, id), argv, options);
      }
      throw new WeftError('ContainerNotRunning', `container ${id} is ${state}, so nothing can run in it`);
    },
    async usage(id) {
      const spec = await readSpec(containerPaths(config, checkedId(id)));
      return spec === undefined ? undefined : readUsage(layout, spec.linux.cgroupsPath);
    },
  };
}

/** Ids become file names and arguments. */
function checkedId(id: string): string {
  if (ID.test(id)) return id;
  throw new WeftError('ContainerIdInvalid', `"${id.slice(0, 130)}" cannot be a container's id`, {
    remedy: 'use at most 120 of [a-z0-9-]',
  });
}
