import { describe, expect, test } from 'vitest';
import { CLUSTER_TYPE, LISTENER_TYPE, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import type { ProxyKind } from './identity.ts';
import { behindReason, refusalsSince } from './proxy-status.ts';
import { newSession } from './session-state.ts';

function member(kind: ProxyKind = 'sidecar', unasked: string[] = []) {
  const identity = {
    proxy: 'a.default',
    kind,
    namespace: 'default',
    pod: 'a',
    trusted: true,
  } as const;
  return { identity, state: newSession(), connectedAt: 0, unasked: () => unasked };
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

describe('what a proxy still lacks', () => {
  function settled(kind: ProxyKind, unasked: string[]) {
    const proxy = member(kind, unasked);
    for (const type of [CLUSTER_TYPE, LISTENER_TYPE] as const) proxy.state.types[type].settledNonce = '1';
    return proxy;
  }

  test.each<[ProxyKind, string | undefined]>([
    ['sidecar', 'is starting: CDS is not acknowledged yet'],
    ['gateway', 'is starting: CDS is not acknowledged yet'],
    ['proxyless', undefined],
  ])('a %s that has just connected: %s', (kind, reason) => {
    expect(behindReason(member(kind), 1)).toBe(reason);
  });

  test('a gateway that has not asked for the routes of a port has not opened it', () => {
    expect(behindReason(settled('gateway', ['http.80']), 1)).toBe('has not asked for RDS http.80 yet');
    expect(behindReason(settled('gateway', []), 1)).toBeUndefined();
    expect(behindReason(settled('sidecar', ['80']), 1)).toBeUndefined();
  });

  test('one that refused the port will never ask', () => {
    const proxy = settled('gateway', ['http.80']);
    proxy.state.types[LISTENER_TYPE].refused.set('0.0.0.0_80', { reason: 'no', generation: 1 });
    expect(behindReason(proxy, 1)).toBeUndefined();
  });
});
