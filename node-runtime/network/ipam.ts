import { WeftError } from '#api/foundation/errors.ts';
import { contains, gatewayOf, numberToAddress, parseCidr } from '#api/mesh/addresses.ts';

/** Addresses of pods, out of the mesh's range. */
export interface Ipam {
  /** A free address, taken from now on. Throws a WeftError `AddressesExhausted`. */
  allocate(): string;
  /** Takes `address` if it is free and of the range; false otherwise. */
  claim(address: string): boolean;
  release(address: string): void;
}

/**
 * Goes round the range, so that the address of a pod that just ended rests as long as possible: clients and conntrack
 * may still remember it. Network, gateway and broadcast address are never given. Pure: what is in use is told.
 */
export function createIpam(config: { readonly podCidr: string }, inUse: Iterable<string>): Ipam {
  const range = parseCidr(config.podCidr);
  if (range.size < 4) {
    throw new WeftError('AddressInvalid', `the pod range ${config.podCidr} has no room for pods`, {
      remedy: 'give a range of /30 or larger',
    });
  }
  const reserved = new Set([
    numberToAddress(range.first),
    gatewayOf(config),
    numberToAddress(range.first + range.size - 1),
  ]);
  const taken = new Set([...inUse].filter((address) => contains(range, address)));
  let offset = taken.size;

  return {
    allocate() {
      for (let tries = 0; tries < range.size; tries += 1) {
        offset = (offset + 1) % range.size;
        const address = numberToAddress(range.first + offset);
        if (reserved.has(address) || taken.has(address)) continue;
        taken.add(address);
        return address;
      }
      throw new WeftError('AddressesExhausted', `all addresses of ${config.podCidr} are taken`, {
        remedy: 'delete pods, or start the mesh with a larger pod range',
      });
    },
    claim(address) {
      if (!contains(range, address) || reserved.has(address) || taken.has(address)) return false;
      taken.add(address);
      return true;
    },
    release: (address) => void taken.delete(address),
  };
}
