/** Which hosts of a ServiceEntry get an address of the mesh's own, and which one. */
import { keyOf } from '#api/client/object-cache.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { ServiceEntry } from '#api/kinds/service-entry.ts';
import type { EntryAddresses } from './entry-addresses.ts';

export type GivenAddress = NonNullable<NonNullable<ServiceEntry['status']>['addresses']>[number];

/** Istio's label; `false` keeps an entry without addresses. */
export const AUTO_ALLOCATE_LABEL = 'networking.istio.io/enable-autoallocate-ip';

/**
 * Istio: hosts that can be told apart by an address need one, unless the entry has its own. A wildcard has no single
 * address, and what is not resolved goes where it was going.
 */
export function hostsToAddress({ metadata, spec }: ServiceEntry): string[] {
  if (metadata.labels?.[AUTO_ALLOCATE_LABEL] === 'false') return [];
  if ((spec.addresses ?? []).length > 0 || spec.resolution === 'NONE') return [];
  return [...new Set(spec.hosts.map((host) => host.toLowerCase()))].filter((host) => !host.startsWith('*'));
}

/** Hosts keep what they were given while it is theirs. A host for which nothing is left goes without. */
export function planAddresses(entry: Stored<ServiceEntry>, addresses: EntryAddresses): GivenAddress[] {
  const given = new Map((entry.status?.addresses ?? []).map(({ host, value }) => [host, value]));
  return hostsToAddress(entry).flatMap((host) => {
    const value = addresses.take(ownerOf(entry, host), given.get(host));
    return value === undefined ? [] : [{ value, host }];
  });
}

export function ownerOf(entry: Stored<ServiceEntry>, host: string): string {
  return `${keyOf(entry)}/${host}`;
}
