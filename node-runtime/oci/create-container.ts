import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { WeftError } from '#api/foundation/errors.ts';
import { gatewayOf } from '#api/mesh/addresses.ts';
import type { ContainerPlan } from '../pod/containers.ts';
import { monitorCgroup, plainDirectoriesOf } from '../resources/cgroup-layout.ts';
import { makeSkeleton } from '../rootfs/skeleton.ts';
import { buildBundle } from './bundle.ts';
import { containerIds, exitDirectory, writeSpec } from './container-files.ts';
import { type ContainerPlace, type ContainerTools, placeOf } from './container-tools.ts';
import { bundleInputs } from './host.ts';
import { createMonitored } from './monitor.ts';
import { removeContainer } from './remove-container.ts';
import { lastComplaint } from './runtime.ts';
import { sight } from './sighting.ts';

/** Creates a container, or leaves it as it is when it is there. What fails leaves nothing behind. */
export async function createContainer(tools: ContainerTools, plan: ContainerPlan): Promise<void> {
  const place = placeOf(tools, plan.id);
  if ((await sight(tools, place)).state !== 'absent') return;
  if ((await containerIds(tools.config)).includes(plan.id)) await removeContainer(tools.runtime, place);
  try {
    await make(tools, plan, place);
  } catch (cause) {
    const words = await lastComplaint(place.paths.runtimeLog);
    await removeContainer(tools.runtime, place);
    if (words === undefined) throw cause;
    throw new WeftError('CreateFailed', `container ${plan.name} cannot be created: ${words}`, { cause });
  }
}

async function make(
  tools: ContainerTools,
  plan: ContainerPlan,
  { id, paths }: ContainerPlace,
): Promise<void> {
  const { config, host, layout, runtime } = tools;
  const spec = buildBundle(plan, bundleInputs(config, host, plan, paths.root));
  const identity = { uid: plan.uid, gid: plan.gid, nameserver: gatewayOf(config) };
  await Promise.all([
    makeSkeleton(paths.root, host.facts, identity, plan.readOnlyRoot),
    mkdir(dirname(plan.logPath), { recursive: true }),
  ]);
  await writeSpec(paths, spec);
  await createMonitored(runtime, {
    id,
    paths,
    exitDirectory: exitDirectory(config),
    logPath: plan.logPath,
    cgroups: plainDirectoriesOf(layout, monitorCgroup(config.id, plan.podUid)),
  });
}
