import { describe, expect, test } from 'vitest';
import { CLUSTER_TYPE, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import { refusalsSince } from './proxy-status.ts';
import { newSession } from './session-state.ts';

function member() {
  const identity = {
    proxy: 'a.default',
    kind: 'sidecar',
    namespace: 'default',
    pod: 'a',
    trusted: true,
  } as const;
  return { identity, state: newSession(), connectedAt: 0 };
}

describe('what a proxy has refused since a change', () => {
  test('is one entry a type, with all that was said, once', () => {
    const { state, ...rest } = member();
    state.types[CLUSTER_TYPE].refused.set('a', { reason: 'a: no', generation: 2 });
    state.types[CLUSTER_TYPE].refused.set('b', { reason: 'b: neither', generation: 3 });
    state.types[CLUSTER_TYPE].refused.set('c', { reason: 'a: no', generation: 3 });
    state.types[ROUTE_TYPE].refused.set('80', { reason: '80: no', generation: 2 });
    expect(refusalsSince({ state, ...rest }, 2)).toEqual([
      { proxy: 'a.default', type: 'CDS', reason: 'a: no\nb: neither' },
      { proxy: 'a.default', type: 'RDS', reason: '80: no' },
    ]);
  });

  test('is not what it refused before', () => {
    const { state, ...rest } = member();
    state.types[CLUSTER_TYPE].refused.set('a', { reason: 'no', generation: 1 });
    expect(refusalsSince({ state, ...rest }, 2)).toEqual([]);
  });
});
