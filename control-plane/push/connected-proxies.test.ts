import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { NodeSchema } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import { ConnectedProxies } from './connected-proxies.ts';

const told = new Map<string, number>();
const node = (version: unknown) => create(NodeSchema, { metadata: { ISTIO_VERSION: version as string } });

test('counts by version, and folds what is no version or too many of them', () => {
  const proxies = new ConnectedProxies((version, count) => told.set(version, count));
  const leave = proxies.joined(node('1.22.3'));
  proxies.joined(node('1.22.3'));
  proxies.joined(undefined);
  proxies.joined(node('a "quoted" word'));
  expect([...told]).toEqual([
    ['1.22.3', 2],
    ['unknown', 2],
  ]);
  leave();
  expect(told.get('1.22.3')).toBe(1);
  for (let i = 0; i < 100; i += 1) proxies.joined(node(`v${i}`));
  expect(told.size).toBeLessThanOrEqual(18);
  expect(told.get('other')).toBeGreaterThan(80);
});
