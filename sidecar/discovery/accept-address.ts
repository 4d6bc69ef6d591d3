import {
  type Address,
  SocketAddress_Protocol as Protocol,
  SocketAddressSchema,
} from '#api/xds/gen/envoy/config/core/v3/address_pb.js';
import type { Place } from './refusals.ts';

export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

const SUPPORTED = new Set(['address', 'port_value', 'protocol']);
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|$)){4}$/;
const IPV6 = /^(?=.*:.*:)[0-9a-f:.]+$/i;

/** RFC 1123, with the underscores that are out there. */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*\.?$/i;

/** A TCP address with a literal IP and a port. */
export function acceptAddress(address: Address | undefined, place: Place): SocketAddress {
  const where = acceptSocket(address, place);
  if (where !== undefined && !isIp(where.address)) {
    place.in('address').refuse(`"${where.address}" is not an IP address`);
  }
  return where ?? NOWHERE;
}

/** The same, but a name will do: it is resolved later. */
export function acceptHost(address: Address | undefined, place: Place): SocketAddress {
  const where = acceptSocket(address, place);
  if (where !== undefined && !isIp(where.address) && !HOST_NAME.test(where.address)) {
    place.in('address').refuse(`"${where.address}" is neither an IP address nor a host name`);
  }
  return where ?? NOWHERE;
}

const NOWHERE: SocketAddress = { address: '', port: 0 };

export function isIp(text: string): boolean {
  return IPV4.test(text) || IPV6.test(text);
}

function acceptSocket(address: Address | undefined, place: Place): SocketAddress | undefined {
  if (address?.address.case !== 'socketAddress') {
    place.refuse('must be a socket address');
    return undefined;
  }
  const socket = address.address.value;
  place.allow(SocketAddressSchema, socket, SUPPORTED);
  if (socket.protocol !== Protocol.TCP) place.in('protocol').refuse('only TCP is supported');
  const port = socket.portSpecifier.case === 'portValue' ? socket.portSpecifier.value : 0;
  if (port < 1 || port > 65535) place.in('port_value').refuse('must be from 1 to 65535');
  return { address: socket.address, port };
}
