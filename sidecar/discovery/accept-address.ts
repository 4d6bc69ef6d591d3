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
/** A literal address: names are not resolved here. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|$)){4}$/;
const IPV6 = /^(?=.*:.*:)[0-9a-f:.]+$/i;

/** A TCP address with a literal IP and a port. */
export function acceptAddress(address: Address | undefined, place: Place): SocketAddress {
  if (address?.address.case !== 'socketAddress') {
    place.refuse('must be a socket address');
    return { address: '', port: 0 };
  }
  const socket = address.address.value;
  place.allow(SocketAddressSchema, socket, SUPPORTED);
  if (socket.protocol !== Protocol.TCP) place.in('protocol').refuse('only TCP is supported');
  if (!IPV4.test(socket.address) && !IPV6.test(socket.address)) {
    place.in('address').refuse(`"${socket.address}" is not an IP address`);
  }
  const port = socket.portSpecifier.case === 'portValue' ? socket.portSpecifier.value : 0;
  if (port < 1 || port > 65535) place.in('port_value').refuse('must be from 1 to 65535');
  return { address: socket.address, port };
}
