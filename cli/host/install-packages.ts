import { readFile } from 'node:fs/promises';
import { WeftError } from '#api/foundation/errors.ts';
import { type Distribution, distributionOf, packagesFor } from './distribution.ts';
import { TOOLS } from './judge-host.ts';
import { findMissingPrograms, probeCgroups } from './probe-host.ts';
import { type Tried, tryCommand } from './try-command.ts';
import { withoutServices } from './without-services.ts';

/** Downloads on a slow line; longer means that nothing arrives. */
const TIMEOUT_MS = 300_000;

/**
 * Installs what is missing on this host and nothing else (a host with Docker has its own runc, which must stay); resolves
 * with the packages, none when nothing was missing. Asks nothing and says nothing. Throws a WeftError `NeedsRoot`,
 * `DistributionUnknown`, `PackagesUnreachable` or `PackagesFailed`, each of one line.
 */
export async function installHostPackages(): Promise<string[]> {
  return installPrograms(await missingHostPrograms());
}

/** The same for programs by name. What their packages would start as services is not started, now or at boot. */
export async function installPrograms(missing: readonly string[]): Promise<string[]> {
  if (missing.length === 0) return [];
  if (process.getuid?.() !== 0) {
    throw new WeftError('NeedsRoot', `${missing.join(', ')} must be installed, which needs root`, {
      remedy: 'run: sudo ./weft setup',
    });
  }
  const distribution = distributionOf(await readFile('/etc/os-release', 'utf8').catch(() => ''));
  if (distribution === undefined) {
    throw new WeftError('DistributionUnknown', 'this distribution’s package manager is not known', {
      remedy: `install these programs yourself: ${missing.join(', ')}`,
    });
  }
  const packages = packagesFor(distribution, missing);
  await withoutServices(distribution, packages, () => install(distribution, packages));
  return packages;
}

/** Programs and libraries that a mesh needs and this host lacks. crun will do for runc where it accepts the host. */
export async function missingHostPrograms(): Promise<string[]> {
  const [missing, runtimes, cgroups, libraries] = await Promise.all([
    findMissingPrograms(TOOLS),
    findMissingPrograms(['runc', 'crun']),
    probeCgroups(),
    tryCommand('ldconfig', ['-p']),
  ]);
  const hasRuntime = !runtimes.includes('runc') || (!runtimes.includes('crun') && cgroups.mode !== 'hybrid');
  const libatomic = libraries.code === 0 && !libraries.stdout.includes('libatomic.so.1') ? ['libatomic'] : [];
  return [...(hasRuntime ? [] : ['runc']), ...missing, ...libatomic];
}

/** The lists of packages may be absent or old: they are refreshed when the first try fails, not before. */
async function install(distribution: Distribution, packages: readonly string[]): Promise<void> {
  if ((await runManager(distribution, [...distribution.install, ...packages])).code === 0) return;
  const refreshed = await runManager(distribution, distribution.refresh);
  const installed = await runManager(distribution, [...distribution.install, ...packages]);
  if (installed.code === 0) return;
  throw failureOf(packages, refreshed, installed);
}

function runManager({ env }: Distribution, [file, ...args]: readonly string[]): Promise<Tried> {
  return tryCommand(file ?? '', args, { timeoutMs: TIMEOUT_MS, env });
}

const UNREACHABLE =
  /could not resolve|temporary failure|failed to fetch|could not connect|unable to connect|network|timed out/i;

/** Pure: one line that names the cause. */
export function failureOf(packages: readonly string[], refreshed: Tried, installed: Tried): WeftError {
  const names = packages.join(' ');
  if (UNREACHABLE.test(refreshed.stderr) || UNREACHABLE.test(installed.stderr)) {
    return new WeftError('PackagesUnreachable', `the package servers cannot be reached to install ${names}`, {
      remedy: 'connect this machine to the network, or install them by hand, and try again',
    });
  }
  const words = installed.stderr.trim().split('\n')[0]?.slice(0, 200) || `exit code ${installed.code}`;
  return new WeftError('PackagesFailed', `${names} cannot be installed: ${words}`, {
    remedy: 'install them by hand and try again',
  });
}
