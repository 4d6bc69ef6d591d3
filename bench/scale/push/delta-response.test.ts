import { create, toBinary } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { DeltaDiscoveryResponseSchema } from '#api/xds/gen/envoy/service/discovery/v3/discovery_pb.js';
import { ENDPOINT_TYPE } from '#api/xds/resource-types.ts';
import { readDeltaResponse } from './delta-response.ts';

const resource = {
  name: 'a',
  version: '1',
  resource: { typeUrl: ENDPOINT_TYPE, value: new Uint8Array(300) },
};

function encoded(fields: object): Buffer {
  return Buffer.from(toBinary(DeltaDiscoveryResponseSchema, create(DeltaDiscoveryResponseSchema, fields)));
}

it.each([
  ['an empty message', {}, { typeUrl: '', nonce: '' }],
  ['type and nonce alone', { typeUrl: 't', nonce: 'n' }, { typeUrl: 't', nonce: 'n' }],
  [
    'all around them',
    {
      systemVersionInfo: 'v',
      resources: [resource, resource],
      typeUrl: 't',
      nonce: 'n',
      removedResources: ['b'],
    },
    { typeUrl: 't', nonce: 'n' },
  ],
])('reads %s', (_what, fields, expected) => {
  expect(readDeltaResponse(encoded(fields))).toEqual(expected);
});

it.each([
  ['a cut message', encoded({ typeUrl: 'type' }).subarray(0, 3), 'ends too early'],
  ['a tag alone', Buffer.from([0x22]), 'ends too early'],
  ['a fixed-width field', Buffer.from([0x09, 0x00]), 'wire type 1'],
  ['an endless number', Buffer.alloc(12, 0xff), 'too long'],
])('refuses %s', (_what, bytes, reason) => {
  expect(() => readDeltaResponse(bytes)).toThrow(reason);
});
