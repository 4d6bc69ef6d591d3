import { isIPv4 } from '../mesh/ipv4.ts';
import { isDnsName, localityMistakes, peerAddressMistakes } from './host-checks.ts';
import type { Check, Mistake } from './kind.ts';
import type { WorkloadEntry, WorkloadEntrySpec } from './workload-entry.ts';

/** What holds of a WorkloadEntry and of the endpoints that a ServiceEntry names. */
export function workloadMistakes(spec: WorkloadEntrySpec, path: string): Mistake[] {
  return [
    ...addressMistakes(spec.address, `${path}.address`),
    ...(spec.locality === undefined ? [] : localityMistakes(spec.locality, `${path}.locality`)),
  ];
}

/** Istio allows none for workloads of another network, which weft does not know. */
function addressMistakes(address: string | undefined, path: string): Mistake[] {
  if (address === undefined) return [{ path, message: 'is required' }];
  if (address.startsWith('unix:')) return [{ path, message: 'Unix sockets are not supported' }];
  if (isIPv4(address)) return peerAddressMistakes(address, path);
  if (isDnsName(address)) return [];
  return [{ path, message: 'must be an IPv4 address or a DNS name' }];
}

const reachable: Check<WorkloadEntry> = {
  name: 'there is an address, and the locality has a form',
  check: ({ spec }) => workloadMistakes(spec, 'spec'),
};

export const workloadEntryChecks: readonly Check<WorkloadEntry>[] = [reachable];
