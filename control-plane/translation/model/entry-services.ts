import type { Stored } from '#api/kinds/meta.ts';
import type { ServiceEntry, ServiceEntryPort } from '#api/kinds/service-entry.ts';
import { isWildcard } from './host-match.ts';
import type { MeshPort, MeshService } from './mesh-service.ts';
import { protocolOf } from './protocol.ts';

/** One service for each host of a ServiceEntry: they share ports and endpoints. */
export function entryServices(entry: Stored<ServiceEntry>): MeshService[] {
  const { name, namespace = 'default', creationTimestamp } = entry.metadata;
  const { spec } = entry;
  const labels = spec.workloadSelector?.labels;
  return [...new Set(spec.hosts.map((host) => host.toLowerCase()))].map((host) => {
    const addresses = addressesOf(entry, host);
    return {
      source: 'ServiceEntry',
      host,
      name,
      namespace,
      vip: addresses.find((address) => !address.includes('/')),
      addresses,
      selector: labels === undefined || Object.keys(labels).length === 0 ? undefined : labels,
      ports: (spec.ports ?? []).map(meshPort),
      resolution: spec.resolution,
      external: spec.location === 'MESH_EXTERNAL',
      exportTo: spec.exportTo ?? [],
      subjectAltNames: spec.subjectAltNames ?? [],
      createdAt: creationTimestamp,
    };
  });
}

function meshPort({ number, name, protocol, targetPort }: ServiceEntryPort): MeshPort {
  return {
    number,
    name,
    protocol: protocolOf({ name, appProtocol: protocol }),
    targetPort: targetPort ?? number,
  };
}

/** What the entry says itself, else the VIP that it was given for this host. */
function addressesOf({ spec, status }: Stored<ServiceEntry>, host: string): string[] {
  if ((spec.addresses ?? []).length > 0) return (spec.addresses ?? []).map(withoutFullPrefix);
  if (isWildcard(host) || spec.resolution === 'NONE') return [];
  return (status?.addresses ?? []).filter((given) => given.host === host).map(({ value }) => value);
}

/** `1.2.3.4/32` is one address. */
function withoutFullPrefix(address: string): string {
  return address.endsWith('/32') ? address.slice(0, -3) : address;
}
