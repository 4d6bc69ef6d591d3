import { create } from '@bufbuild/protobuf';
import { type Address, AddressSchema } from '#api/xds/gen/envoy/config/core/v3/address_pb.js';

export function tcpAddress(address: string, port: number): Address {
  return create(AddressSchema, {
    address: {
      case: 'socketAddress',
      value: { address, portSpecifier: { case: 'portValue', value: port } },
    },
  });
}
