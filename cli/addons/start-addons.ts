/** Settles which addons a mesh has, and starts those that do not run. */
import { codeOf, WeftError } from '#api/foundation/errors.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import { installPrograms } from '../host/install-packages.ts';
import { findMissingPrograms } from '../host/probe-host.ts';
import { tailOf } from '../mesh/config-file.ts';
import { type Daemon, findDaemons, logOf, restartsOf, startAddon, stopDaemons } from '../mesh/daemons.ts';
import { freeNear, holderOf, readListeners } from '../mesh/host-use.ts';
import type { Progress, Step } from '../output/progress.ts';
import type { Addon } from './addon.ts';
import { configuredAddons } from './addons.ts';

const READY_TIMEOUT_MS = 60_000;
const HOPELESS_RESTARTS = 3;
const STOP_ORPHANS_MS = 10_000;
const POLL_MS = 50;
const LOG_LINES = 8;

/** Throws a WeftError `PortTaken` for an addon that does not run and whose port somebody holds. */
export function checkAddonPorts(config: MeshConfig, running: readonly Daemon[]): void {
  const listening = new Set(readListeners().map(({ port }) => port));
  for (const addon of configuredAddons(config)) {
    if (running.some(({ program }) => program === addon.name)) continue;
    const held = addon.ports(config).find((port) => listening.has(port));
    if (held === undefined) continue;
    const remedy =
      held === addon.ports(config)[0]
        ? `stop that, or choose another port: weft up ${addon.flag} ${freeNear(held, listening)}`
        : 'stop that, or choose another port in mesh.json';
    throw new WeftError(
      'PortTaken',
      `port ${held} of ${addon.title} is in use by ${holderOf(held) ?? 'another process'}`,
      { remedy },
    );
  }
}

/** Installs what the addons of this mesh need. Throws what the installation throws. */
export async function installForAddons(config: MeshConfig, progress: Progress): Promise<void> {
  const missing = await findMissingPrograms(configuredAddons(config).flatMap(({ needs }) => needs));
  if (missing.length === 0) return;
  await progress.run(`installing ${missing.join(', ')}`, () => installPrograms(missing));
}

/** Starts the addons that do not run and waits until all serve. Resolves with true when there was one to start. */
export async function startAddons(
  config: MeshConfig,
  progress: Progress,
  signal: AbortSignal,
): Promise<boolean> {
  let fresh = false;
  for (const addon of configuredAddons(config)) {
    const daemons = findDaemons(config).filter(({ program }) => program === addon.name);
    const kept = daemons.some(({ role }) => role === 'keeper');
    if (!kept || (await isHopeless(config, addon))) {
      // Without its keeper it would not come back; and what ends again and again starts from what is on disk now.
      if (daemons.length > 0) await stopDaemons(config, STOP_ORPHANS_MS, [addon.name]);
      addon.prepare(config);
      startAddon(config, addon);
      fresh = true;
    }
    await progress.run(
      addon.title,
      (step) => serves(config, addon, step, signal),
      () => addon.url(config),
    );
  }
  return fresh;
}

async function isHopeless(config: MeshConfig, addon: Addon): Promise<boolean> {
  return restartsOf(config, addon.name) >= HOPELESS_RESTARTS && !(await addon.ready(config).catch(notYet));
}

async function serves(config: MeshConfig, addon: Addon, step: Step, signal: AbortSignal): Promise<void> {
  const start = performance.now();
  const before = restartsOf(config, addon.name);
  while (!(await addon.ready(config).catch(notYet))) {
    signal.throwIfAborted();
    const restarts = restartsOf(config, addon.name) - before;
    if (restarts > 0)
      step.note(`it ended ${restarts} time${restarts === 1 ? '' : 's'} and was started again`);
    if (restarts >= HOPELESS_RESTARTS) throw failure('ProgramFailed', 'does not start', config, addon);
    if (performance.now() - start > READY_TIMEOUT_MS)
      throw failure('NotReady', `is not ready after ${READY_TIMEOUT_MS / 1000} s`, config, addon);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Nothing listens yet, or it was just killed; anything else is a mistake of this program. */
function notYet(error: unknown): false {
  if (codeOf(error) === undefined) throw error;
  return false;
}

function failure(code: string, words: string, config: MeshConfig, addon: Addon): WeftError {
  const log = logOf(config, addon.name);
  const lines = tailOf(log, LOG_LINES).map((line) => `\n  ${line}`);
  return new WeftError(code, `${addon.title} ${words}; its log ${log} ends:${lines.join('')}`, {
    remedy: 'the mesh itself is up; see: weft status',
  });
}
