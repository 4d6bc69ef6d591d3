import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { NodeSchema } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import { identify } from './identity.ts';

const id = 'sidecar~10.244.0.9~web-1.default~default.svc.cluster.local';
const envoyIn = (node: MessageInitShape<typeof NodeSchema>) =>
  identify(create(NodeSchema, { id, ...node }), 'socket')?.envoy;

test.each([
  ["weft's own", { userAgentName: 'weft' }, undefined],
  ['one that does not say what it is', {}, undefined],
  ['an Envoy', { userAgentName: 'envoy', extensions: [{ name: 'envoy.filters.http.router' }] }, false],
  ["Istio's Envoy", { userAgentName: 'envoy', extensions: [{ name: 'istio.stats' }] }, true],
])('a proxy is %s', (_, node, countsAsIstio) => {
  expect(envoyIn(node)).toEqual(countsAsIstio === undefined ? undefined : { countsAsIstio });
});
