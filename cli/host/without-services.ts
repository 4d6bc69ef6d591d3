/**
 * Debian starts a package's service when it is installed, and at every boot from then on. Here only the program is
 * wanted. While packages are being installed a policy (invoke-rc.d(8), `/usr/sbin/policy-rc.d`) says that nothing may
 * be started; a policy that the host has already stays, for it is somebody's decision. Afterwards the services of these
 * packages are disabled. That is nobody else's: they were not installed a moment ago.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { codeOf } from '#api/foundation/errors.ts';
import type { Distribution } from './distribution.ts';
import { tryCommand } from './try-command.ts';

const POLICY = '/usr/sbin/policy-rc.d';
const REFUSE = '#!/bin/sh\nexit 101\n';
/** Packages here that bring a service, by its name. */
const SERVICES: readonly string[] = ['prometheus'];

export async function withoutServices(
  { family }: Distribution,
  packages: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  const services = SERVICES.filter((name) => packages.includes(name));
  if (family !== 'debian' || services.length === 0) return work();
  const placed = place();
  try {
    await work();
  } finally {
    if (placed) rmSync(POLICY, { force: true });
  }
  for (const service of services) {
    await tryCommand('update-rc.d', [service, 'disable']);
    if (!placed) await tryCommand('systemctl', ['--quiet', 'disable', '--now', service]);
  }
}

/** False when the host has a policy. */
function place(): boolean {
  try {
    writeFileSync(POLICY, REFUSE, { mode: 0o755, flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}
