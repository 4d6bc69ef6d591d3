import { codeOf } from '#api/foundation/errors.ts';
import type { HostCheck } from '../host/host-check.ts';
import { findMissingPrograms } from '../host/probe-host.ts';
import { findDaemons } from '../mesh/daemons.ts';
import type { Session } from '../session.ts';
import { configuredAddons } from './addons.ts';

/** One line for each addon of the configured mesh: whether its program is there, and whether it serves while the mesh runs. */
export async function checkAddons(session: Session): Promise<HostCheck[]> {
  const config = await session.mesh().catch((error: unknown) => {
    if (codeOf(error) === 'MeshNotConfigured') return undefined;
    throw error;
  });
  if (config === undefined) return [];
  const up = findDaemons(session.dirs).length > 0;
  return Promise.all(
    configuredAddons(config).map(async (addon): Promise<HostCheck> => {
      const name = addon.title;
      const lacking = await findMissingPrograms(addon.needs);
      if (lacking.length > 0)
        return { name, state: 'warn', found: 'not installed', remedy: 'weft up installs it' };
      if (!up) return { name, state: 'ok', found: `starts with the mesh at ${addon.url(config)}` };
      if (await addon.ready(config).catch(() => false))
        return { name, state: 'ok', found: `serves ${addon.url(config)}` };
      return {
        name,
        state: 'warn',
        found: `does not answer at ${addon.url(config)}`,
        remedy: 'run: weft up',
      };
    }),
  );
}
