import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { NodeSchema } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, type ResourceType } from '#api/xds/resource-types.ts';
import { DeltaStream } from './delta-stream.ts';

const node = create(NodeSchema, { id: 'me' });
const nothing = (): Record<string, string> => ({});

test('opens with everything of clusters and listeners, and says who it is once', () => {
  const requests = new DeltaStream(node, nothing).open();
  expect(requests.map(({ typeUrl, resourceNamesSubscribe }) => [typeUrl, resourceNamesSubscribe])).toEqual([
    [CLUSTER_TYPE, ['*']],
    [LISTENER_TYPE, ['*']],
  ]);
  expect(requests.map((request) => request.node?.id)).toEqual(['me', undefined]);
});

test('says in the first request of a type what it runs already', () => {
  const versions = (type: ResourceType): Record<string, string> =>
    type === CLUSTER_TYPE ? { a: '7' } : { b: '8' };
  const stream = new DeltaStream(node, versions);
  expect(stream.open().map((request) => request.initialResourceVersions)).toEqual([{ a: '7' }, { b: '8' }]);
  expect(stream.subscribe(ENDPOINT_TYPE, new Set(['b']))?.initialResourceVersions).toEqual({ b: '8' });
  expect(stream.subscribe(ENDPOINT_TYPE, new Set(['b', 'c']))?.initialResourceVersions).toEqual({});
});

test('subscribes to what is new, unsubscribes from what is gone, and is silent when nothing changed', () => {
  const stream = new DeltaStream(node, nothing);
  const names = (...wanted: string[]) => {
    const request = stream.subscribe(ENDPOINT_TYPE, new Set(wanted));
    return request && [request.resourceNamesSubscribe, request.resourceNamesUnsubscribe];
  };
  expect(names()).toBeUndefined();
  expect(names('a', 'b')).toEqual([['a', 'b'], []]);
  expect(names('b', 'a')).toBeUndefined();
  expect(names('b', 'c')).toEqual([['c'], ['a']]);
  expect(names()).toEqual([[], ['b', 'c']]);
  expect(names('a')).toEqual([['a'], []]);
});

test('answers with the nonce: alone it is an ACK, with an error a NACK', () => {
  const stream = new DeltaStream(node, nothing);
  const ack = stream.answer(CLUSTER_TYPE, 'n1', []);
  expect([ack.responseNonce, ack.errorDetail]).toEqual(['n1', undefined]);
  const nack = stream.answer(CLUSTER_TYPE, 'n2', ['a: wrong', 'b: wrong too']);
  expect([nack.responseNonce, nack.errorDetail?.message]).toEqual(['n2', 'a: wrong\nb: wrong too']);
});

test('keeps the error of a NACK short', () => {
  const reasons = Array.from({ length: 10_000 }, (_, i) => `resource ${i}: wrong`);
  const detail = new DeltaStream(node, nothing).answer(CLUSTER_TYPE, 'n', reasons).errorDetail;
  expect(detail?.message.length).toBeLessThanOrEqual(16_384);
});
