import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { WeftError } from '#api/foundation/errors.ts';
import { readPidFile } from '../host/processes.ts';
import { removeTree } from '../rootfs/skeleton.ts';
import type { ContainerPlace } from './container-tools.ts';
import type { OciRuntime } from './runtime.ts';
import { isMonitored } from './sighting.ts';

/** How long a monitor may take to write its last words after its container was killed. */
const MONITOR_PATIENCE_MS = 2_000;
const LOOK_MS = 5;

/**
 * Kills what runs and removes every trace but the log: the monitor's last, since it writes the exit file when everything
 * else is over. Idempotent. Throws a WeftError `RemoveFailed`.
 */
export async function removeContainer(runtime: OciRuntime, place: ContainerPlace): Promise<void> {
  const { id, paths } = place;
  const deleted = await runtime.run('delete', '--force', id);
  if (deleted.code !== 0 && !/does not exist|no such file/i.test(deleted.stderr)) {
    throw new WeftError(
      'RemoveFailed',
      `container ${id} cannot be removed: ${deleted.stderr.trim().slice(0, 500)}`,
    );
  }
  await endMonitor(place);
  await removeTree(paths.directory);
  await rm(paths.exit, { force: true });
}

async function endMonitor(place: ContainerPlace): Promise<void> {
  for (let waitedMs = 0; await isMonitored(place); waitedMs += LOOK_MS) {
    if (waitedMs > MONITOR_PATIENCE_MS) {
      const monitor = await readPidFile(place.paths.monitorPid);
      if (monitor !== undefined) process.kill(monitor, 'SIGKILL');
    }
    await delay(LOOK_MS);
  }
}
