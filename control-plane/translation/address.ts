import { create } from '@bufbuild/protobuf';
import {
  type Address,
  AddressSchema,
  type CidrRangeSchema,
} from '#api/xds/gen/envoy/config/core/v3/address_pb.js';
import type { Init } from './message.ts';

export function tcpAddress(address: string, port: number): Address {
  return create(AddressSchema, {
    address: {
      case: 'socketAddress',
      value: { address, portSpecifier: { case: 'portValue', value: port } },
    },
  });
}

/** `10.0.0.0/8`, or one IPv4 address. */
export function cidrRange(text: string): Init<typeof CidrRangeSchema> {
  const [addressPrefix = '', length] = text.split('/');
  return { addressPrefix, prefixLen: Number(length ?? 32) };
}
