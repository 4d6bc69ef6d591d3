/** What is wrong with a ServiceEntry: somebody else speaks for its hosts, or nothing tells its connections from others. */
import type { Stored } from '#api/kinds/meta.ts';
import type { ServiceEntry } from '#api/kinds/service-entry.ts';
import { keyOf } from '../model/host-match.ts';
import type { Inputs } from '../model/inputs.ts';
import { protocolOf } from '../model/protocol.ts';
import { type Finding, finding } from './finding.ts';

export function serviceEntryFindings(entry: Stored<ServiceEntry>, inputs: Inputs): Finding[] {
  const lost = inputs.lostHosts(keyOf(entry)).map((host) => {
    const winner = inputs.services.get(host);
    const what = `${host} belongs to the ${winner?.source} ${winner?.namespace}/${winner?.name}`;
    return finding('HostConflict', 'spec.hosts', what);
  });
  return [...lost, ...takenAddresses(entry, inputs), ...portsWithoutAddress(entry)];
}

function takenAddresses({ spec: { addresses = [] } }: Stored<ServiceEntry>, inputs: Inputs): Finding[] {
  return addresses.flatMap((address, i) => {
    const owner = inputs.serviceAt(address.replace(/\/32$/, ''));
    if (owner === undefined) return [];
    const what = `${address} is the address of the Service ${owner.namespace}/${owner.name}`;
    return [finding('HostConflict', `spec.addresses[${i}]`, what)];
  });
}

/** HTTP is told apart by its authority, TLS by its SNI; anything else needs an address of its own. */
function portsWithoutAddress({ spec }: Stored<ServiceEntry>): Finding[] {
  const addressed = (spec.addresses ?? []).length > 0;
  const given = spec.resolution !== 'NONE' && spec.hosts.some((host) => !host.startsWith('*'));
  if (addressed || given) return [];
  return (spec.ports ?? []).flatMap(({ name, protocol, number }, i) => {
    const opaque = ['tcp', 'detect'].includes(protocolOf({ name, appProtocol: protocol }));
    const rest = spec.resolution === 'NONE' ? ', so it takes what no other service takes' : '';
    const what = `port ${number} has no address by which its connections are known${rest}: say spec.addresses`;
    return opaque ? [{ ...finding('UselessSetting', `spec.ports[${i}]`, what), hint: true as const }] : [];
  });
}
