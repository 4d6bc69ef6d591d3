import type { HostCheck } from './host-check.ts';
import { judgeHost } from './judge-host.ts';
import { probeHost } from './probe-host.ts';

/** What this host has and lacks for a mesh that listens on `ports`; changes nothing. Takes about 100 ms. */
export async function checkHost(ports: readonly number[] = []): Promise<HostCheck[]> {
  return judgeHost(await probeHost(ports));
}
