import { type CidrRange, CidrRangeSchema } from '#api/xds/gen/envoy/config/core/v3/address_pb.js';
import type { Place } from './refusals.ts';

/** An IP address as a number, so that prefixes can be compared. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly bits: bigint;
}

/** Addresses that agree in their first `length` bits. */
export interface IpPrefix extends IpAddress {
  readonly length: number;
}

const WIDTH = { 4: 32, 6: 128 } as const;
const OCTET = /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/;
const GROUP = /^[0-9a-f]{1,4}$/i;
const MAPPED_IPV4 = 0xffffn;

/** Undefined when the text is no address. An IPv4 address in IPv6's clothes counts as IPv4. */
export function parseIp(text: string): IpAddress | undefined {
  if (!text.includes(':')) {
    const bits = parseIpv4(text);
    return bits === undefined ? undefined : { family: 4, bits };
  }
  const bits = parseIpv6(text);
  if (bits === undefined) return undefined;
  return bits >> 32n === MAPPED_IPV4 ? { family: 4, bits: bits & 0xffff_ffffn } : { family: 6, bits };
}

function parseIpv4(text: string): bigint | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => OCTET.test(octet))) return undefined;
  return octets.reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
}

function parseIpv6(text: string): bigint | undefined {
  const dotted = text.lastIndexOf(':') + 1;
  const tail = text.includes('.') ? parseIpv4(text.slice(dotted)) : undefined;
  if (text.includes('.') && tail === undefined) return undefined;
  const hex = tail === undefined ? text : `${text.slice(0, dotted)}${groupsOf(tail)}`;
  const [head = '', rest, ...more] = hex.split('::');
  if (more.length > 0) return undefined;
  const before = head === '' ? [] : head.split(':');
  const after = rest === undefined || rest === '' ? [] : rest.split(':');
  const missing = 8 - before.length - after.length;
  if (rest === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...Array<string>(missing).fill('0'), ...after];
  if (!groups.every((group) => GROUP.test(group))) return undefined;
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

function groupsOf(ipv4: bigint): string {
  return `${(ipv4 >> 16n).toString(16)}:${(ipv4 & 0xffffn).toString(16)}`;
}

export function contains(prefix: IpPrefix, address: IpAddress): boolean {
  if (prefix.family !== address.family) return false;
  const rest = BigInt(WIDTH[prefix.family] - prefix.length);
  return prefix.bits >> rest === address.bits >> rest;
}

/** Envoy's CidrRange: the bits beyond the prefix do not count. */
export function acceptPrefix(range: CidrRange, place: Place): IpPrefix {
  place.allow(CidrRangeSchema, range, new Set(['address_prefix', 'prefix_len']));
  const address = parseIp(range.addressPrefix);
  if (address === undefined) {
    place.in('address_prefix').refuse(`"${range.addressPrefix}" is not an IP address`);
    return { family: 4, bits: 0n, length: 32 };
  }
  const length = range.prefixLen ?? 0;
  if (length > WIDTH[address.family])
    place.in('prefix_len').refuse(`must be at most ${WIDTH[address.family]}`);
  return { ...address, length: Math.min(length, WIDTH[address.family]) };
}
