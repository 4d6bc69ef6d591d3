/**
 * Addresses of services from one IPv4 range. Pure bookkeeping: who holds what is told from the stored services, so a
 * restart finds the same picture.
 *
 * The range is used as Kubernetes uses it: network, broadcast and the first address (the `kubernetes` service) are
 * never given away, and the lower band is used last, so that addresses which people ask for by hand are mostly free.
 * Where the search starts follows from the owner's name: a service that is made anew gets its old address while it is free.
 */
import { WeftError } from '#api/foundation/errors.ts';

export type Claim =
  | { readonly outcome: 'granted' }
  /** `owner` holds it. */
  | { readonly outcome: 'taken'; readonly owner: string }
  | { readonly outcome: 'outside' }
  /** Network, broadcast, or the address of the `kubernetes` service. */
  | { readonly outcome: 'reserved' };

export interface AddressAllocator {
  /** Takes one address for `owner`; granted again to the one who holds it. */
  claim(address: string, owner: string): Claim;
  /** Takes a free address for `owner`; undefined when the range is exhausted. */
  allocate(owner: string): string | undefined;
  /** Frees the address when `owner` holds it. */
  release(address: string, owner: string): void;
}

const LOWER_BAND_MIN = 16;
const LOWER_BAND_MAX = 256;

/** Throws a WeftError `ServiceRangeInvalid` for what is no IPv4 range with room for services. */
export function createAllocator(cidr: string): AddressAllocator {
  const range = parseRange(cidr);
  const owners = new Map<number, string>();
  const free = (offset: number): boolean => !owners.has(offset);
  return {
    claim(address, owner) {
      const offset = offsetIn(range, address);
      if (offset === undefined) return { outcome: 'outside' };
      if (offset < 2 || offset > range.size - 2) return { outcome: 'reserved' };
      const holder = owners.get(offset);
      if (holder !== undefined && holder !== owner) return { outcome: 'taken', owner: holder };
      owners.set(offset, owner);
      return { outcome: 'granted' };
    },
    allocate(owner) {
      const band = bandOf(range.size);
      const offset =
        firstFree(2 + band, range.size - 2, hash(owner), free) ?? firstFree(2, 1 + band, hash(owner), free);
      if (offset === undefined) return undefined;
      owners.set(offset, owner);
      return format(range.base + offset);
    },
    release(address, owner) {
      const offset = offsetIn(range, address);
      if (offset !== undefined && owners.get(offset) === owner) owners.delete(offset);
    },
  };
}

interface Range {
  readonly base: number;
  readonly size: number;
}

function parseRange(cidr: string): Range {
  const [address = '', bits = ''] = cidr.split('/');
  const value = parse(address);
  const prefix = /^\d{1,2}$/.test(bits) ? Number(bits) : Number.NaN;
  if (value === undefined || !(prefix >= 8 && prefix <= 29)) {
    throw new WeftError('ServiceRangeInvalid', `serviceCidr ${cidr} is no IPv4 range between /8 and /29`, {
      remedy: 'set serviceCidr to a range such as 10.96.0.0/16',
    });
  }
  const size = 2 ** (32 - prefix);
  return { base: value - (value % size), size };
}

function offsetIn(range: Range, address: string): number | undefined {
  const value = parse(address);
  const offset = value === undefined ? -1 : value - range.base;
  return offset >= 0 && offset < range.size ? offset : undefined;
}

function parse(address: string): number | undefined {
  if (!/^\d{1,3}(?:\.\d{1,3}){3}$/.test(address)) return undefined;
  const parts = address.split('.').map(Number);
  if (parts.some((part) => part > 255)) return undefined;
  return parts.reduce((value, part) => value * 256 + part, 0);
}

function format(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

/** Size of the band for addresses asked for by hand: a sixteenth of the range, within bounds, none in a tiny one. */
function bandOf(size: number): number {
  if (size <= 2 * LOWER_BAND_MIN) return 0;
  return Math.min(Math.max(LOWER_BAND_MIN, size / 16), LOWER_BAND_MAX);
}

/** The first free offset of `from..to`, searching round from a place that `seed` decides. */
function firstFree(
  from: number,
  to: number,
  seed: number,
  free: (offset: number) => boolean,
): number | undefined {
  const count = to - from + 1;
  for (let step = 0; step < count; step += 1) {
    const offset = from + ((seed + step) % count);
    if (free(offset)) return offset;
  }
  return undefined;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
