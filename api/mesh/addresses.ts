import { WeftError } from '#api/foundation/errors.ts';

/** An IPv4 range: the first address as a number, and how many there are. */
export interface Range {
  readonly first: number;
  readonly size: number;
}

export function addressToNumber(address: string): number {
  const parts = address.split('.');
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) {
    throw new WeftError('AddressInvalid', `${address} is not an IPv4 address`);
  }
  return parts.reduce((number, part) => number * 256 + Number(part), 0);
}

export function numberToAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}

/** Reads `10.244.0.0/16`; host bits are ignored. Throws a WeftError `AddressInvalid`. */
export function parseCidr(cidr: string): Range {
  const [address, bits] = cidr.split('/');
  const prefix = Number(bits);
  if (address === undefined || !/^\d{1,2}$/.test(bits ?? '') || prefix > 32) {
    throw new WeftError('AddressInvalid', `${cidr} is not an IPv4 range`);
  }
  const size = 2 ** (32 - prefix);
  const number = addressToNumber(address);
  return { first: number - (number % size), size };
}

export function contains(range: Range, address: string): boolean {
  const number = addressToNumber(address);
  return number >= range.first && number < range.first + range.size;
}

/** The node's own address among the pods: the range's first host. DNS answers there, and what a trace viewer takes in. */
export function gatewayOf(config: { readonly podCidr: string }): string {
  return numberToAddress(parseCidr(config.podCidr).first + 1);
}
