/** IPv4 ranges, pure. */
export interface Cidr {
  /** First address as an unsigned number. */
  readonly base: number;
  /** Prefix length, 0..32. */
  readonly bits: number;
}

export function parseCidr(text: string): Cidr | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  const [a, b, c, d, bits] = match?.slice(1).map(Number) ?? [];
  if (a === undefined || b === undefined || c === undefined || d === undefined || bits === undefined)
    return undefined;
  if ([a, b, c, d].some((part) => part > 255) || bits > 32) return undefined;
  return { base: masked(((a << 24) | (b << 16) | (c << 8) | d) >>> 0, bits), bits };
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  const bits = Math.min(a.bits, b.bits);
  return masked(a.base, bits) === masked(b.base, bits);
}

function masked(address: number, bits: number): number {
  return bits === 0 ? 0 : (address & (0xffffffff << (32 - bits))) >>> 0;
}
