import { keyOf } from '#api/client/object-cache.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Service } from '#api/kinds/service.ts';
import type { AddressAllocator, Claim } from './allocator.ts';

export type AddressPlan =
  /** The spec with its address and families filled in. */
  | { readonly outcome: 'granted'; readonly spec: Service['spec'] }
  | { readonly outcome: 'refused'; readonly message: string };

/** The address that the spec names, whether the service has a right to it or not. */
export function namedAddress(service: Service): string | undefined {
  const { clusterIP, clusterIPs } = service.spec;
  const named = clusterIP || clusterIPs?.[0];
  return named === 'None' || named === '' ? undefined : named;
}

/** Takes the address that the service asks for, or a free one. Headless services keep `None`. */
export function planAddress(service: Stored<Service>, allocator: AddressAllocator): AddressPlan {
  if (service.spec.clusterIP === 'None') return { outcome: 'granted', spec: filled(service.spec, 'None') };
  const owner = keyOf(service);
  const named = namedAddress(service);
  if (named !== undefined) {
    const claim = allocator.claim(named, owner);
    if (claim.outcome !== 'granted') return { outcome: 'refused', message: refusalOf(named, claim) };
    return { outcome: 'granted', spec: filled(service.spec, named) };
  }
  const address = allocator.allocate(owner);
  if (address === undefined)
    return { outcome: 'refused', message: 'no address is free: the service range is exhausted' };
  return { outcome: 'granted', spec: filled(service.spec, address) };
}

function filled(spec: Service['spec'], address: string): Service['spec'] {
  return {
    ...spec,
    clusterIP: address,
    clusterIPs: [address],
    ipFamilies: spec.ipFamilies ?? ['IPv4'],
    ipFamilyPolicy: spec.ipFamilyPolicy ?? 'SingleStack',
  };
}

function refusalOf(address: string, claim: Exclude<Claim, { outcome: 'granted' }>): string {
  const remedy = 'make the service anew with another clusterIP or with none';
  switch (claim.outcome) {
    case 'taken':
      return `the address ${address} belongs to the service ${claim.owner}; ${remedy}`;
    case 'outside':
      return `the address ${address} is outside the mesh's service range; ${remedy}`;
    case 'reserved':
      return `the address ${address} is reserved; ${remedy}`;
  }
}
