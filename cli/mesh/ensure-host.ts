/** Before anything starts: the host has what a mesh needs, after installing what can be installed. */
import { WeftError } from '#api/foundation/errors.ts';
import { checkHost } from '../host/check-host.ts';
import { installHostPackages, missingHostPrograms } from '../host/install-packages.ts';
import type { Progress } from '../output/progress.ts';

/** Throws a WeftError `HostNotReady` that names what is missing, or what the installation throws. */
export async function ensureHost(progress: Progress): Promise<void> {
  await installMissing(progress);
  await progress.run('host', async () => {
    const lacks = (await checkHost()).filter((check) => check.state === 'missing');
    const [first] = lacks;
    if (first === undefined) return;
    const more = lacks.length === 1 ? '' : ` and ${lacks.length - 1} more`;
    throw new WeftError('HostNotReady', `this host cannot run a mesh: ${first.name}: ${first.found}${more}`, {
      remedy: [first.remedy, ...(more === '' ? [] : ['all of it: weft doctor'])].filter(Boolean).join('; '),
    });
  });
}

/** Installs the host packages that are missing; says which, when there are any. Resolves with their names. */
export async function installMissing(progress: Progress): Promise<string[]> {
  const missing = await missingHostPrograms();
  if (missing.length === 0) return [];
  return progress.run(
    `installing what this host lacks: ${missing.join(', ')}`,
    installHostPackages,
    (packages) => packages.join(' '),
  );
}
