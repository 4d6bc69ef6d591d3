/**
 * Who holds which address. One that is given back is kept for its owner, and goes to others only when many more were
 * given back after it: clients hold on to names that they looked up for longer than they should.
 */
import { createAllocator } from '../service-address/allocator.ts';

/** Istio's range for ServiceEntries without addresses: class E, which nobody routes. */
export const ENTRY_CIDR = '240.240.0.0/16';

const MAX_RETIRED = 1_000;

export interface EntryAddresses {
  /** The address `wanted` when the owner may have it, else the one it had, else a free one; undefined: none is left. */
  take(owner: string, wanted: string | undefined): string | undefined;
  giveBack(owner: string, address: string): void;
}

export function createEntryAddresses(cidr: string = ENTRY_CIDR, maxRetired = MAX_RETIRED): EntryAddresses {
  const allocator = createAllocator(cidr);
  const retired = new Map<string, string>();
  const releaseOldest = (): boolean => {
    const [oldest] = retired;
    if (oldest === undefined) return false;
    retired.delete(oldest[0]);
    allocator.release(oldest[1], oldest[0]);
    return true;
  };
  const allocate = (owner: string): string | undefined => {
    const address = allocator.allocate(owner);
    return address === undefined && releaseOldest() ? allocate(owner) : address;
  };
  return {
    take(owner, wanted) {
      const before = retired.get(owner);
      const held = wanted !== undefined && allocator.claim(wanted, owner).outcome === 'granted';
      const address = held ? wanted : (before ?? allocate(owner));
      if (address === before) retired.delete(owner);
      return address;
    },
    giveBack(owner, address) {
      retired.delete(owner);
      retired.set(owner, address);
      if (retired.size > maxRetired) releaseOldest();
    },
  };
}
