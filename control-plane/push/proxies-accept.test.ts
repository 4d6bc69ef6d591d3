import { beforeEach, describe, expect, test } from 'vitest';
import { CLUSTER_TYPE, LISTENER_TYPE, type ResourceType } from '#api/xds/resource-types.ts';
import { inputOf, newWorld } from '#control-plane/translation/testing/golden.ts';
import type { World } from '#control-plane/translation/world.ts';
import type { Identity } from './identity.ts';
import { type Answering, ProxiesAccept } from './proxies-accept.ts';
import { newSession } from './session-state.ts';

const HOST = 'web.default.svc.cluster.local';
const CLUSTER = `outbound|80||${HOST}`;
const rule = inputOf(
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'web', generation: 1 },
    spec: { host: 'web' },
  },
  1,
);

let world: World;
let accept: ProxiesAccept;

beforeEach(() => {
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } };
  const ports = [{ name: 'http', port: 80 }];
  world = newWorld();
  world.apply([inputOf({ ...service, spec: { clusterIP: '10.96.0.1', ports } }, 0), rule]);
  accept = new ProxiesAccept(world);
});

function proxy(pod: string, more: Partial<Identity> = {}): Answering {
  const identity = {
    proxy: `${pod}.default`,
    kind: 'sidecar',
    namespace: 'default',
    pod,
    trusted: true,
  } as const;
  return { identity: { ...identity, ...more }, state: newSession() };
}

function refuse(
  { state }: Answering,
  reason: string,
  generation = 1,
  [type, name]: readonly [ResourceType, string] = [CLUSTER_TYPE, CLUSTER],
): void {
  const resource = { name, version: '1', bytes: new Uint8Array() };
  state.types[type].refused.set(name, { reason, generation, resource });
}

function said(proxies: readonly Answering[], returned = true): string[] {
  return accept
    .review(proxies, returned)
    .statements.map(({ about, condition: { status, reason, message } }) =>
      [about.kind, about.key, status, reason, message].join(' ').trim(),
    );
}

describe('an object behind what is refused', () => {
  test('says who refuses it and why, once', () => {
    const a = proxy('a');
    refuse(a, 'lb_policy: no');
    expect(said([a])).toEqual(['DestinationRule default/web False RefusedByProxy a.default: lb_policy: no']);
    expect(said([a])).toEqual([]);
  });

  test('says that a later state is refused as well', () => {
    const a = proxy('a');
    refuse(a, 'no', 1);
    said([a]);
    refuse(a, 'no', 2);
    expect(said([a])).toHaveLength(1);
  });

  test('is accepted when the last one that refused it has accepted it, or is gone', () => {
    const [a, b] = [proxy('a'), proxy('b')];
    refuse(a, 'no');
    refuse(b, 'no');
    expect(said([a, b])).toEqual([
      'DestinationRule default/web False RefusedByProxy a.default: no; b.default: no',
    ]);
    a.state.types[CLUSTER_TYPE].refused.clear();
    expect(said([a, b])).toEqual(['DestinationRule default/web False RefusedByProxy b.default: no']);
    expect(said([a])).toEqual(['DestinationRule default/web True Accepted']);
    expect(said([a])).toEqual([]);
  });

  test('is still told when the world has changed since it was refused', () => {
    const a = proxy('a');
    refuse(a, 'no');
    said([a]);
    world.apply([{ ...rule, object: undefined } as typeof rule]);
    expect(said([a])).toEqual([]);
    a.state.types[CLUSTER_TYPE].refused.clear();
    expect(said([a])).toEqual(['DestinationRule default/web True Accepted']);
  });

  test('names a few proxies and what they say in short', () => {
    const proxies = ['a', 'b', 'c', 'd', 'e'].map((pod) => proxy(pod));
    for (const each of proxies) refuse(each, `\u001b${'x'.repeat(5_000)}`);
    const [message] = said(proxies);
    expect(message).toContain(`a.default: ?${'x'.repeat(399)}…; b.default: `);
    expect(message).toMatch(/; and 2 more$/);
    expect(message!.length).toBeLessThan(1_500);
  });
});

test('what a proxy says that may be anybody is not told', () => {
  const stranger = proxy('a', { trusted: false });
  refuse(stranger, 'no');
  expect(said([stranger])).toEqual([]);
});

test('what may have been refused or not is not told', () => {
  const a = proxy('a');
  a.state.types[CLUSTER_TYPE].refused.set(CLUSTER, { reason: 'no', generation: 1 });
  expect(said([a])).toEqual([]);
});

test('a pod whose own side is refused is named once', () => {
  const a = proxy('a');
  refuse(a, 'virtualInbound: filter_chains[0]: no', 1, [LISTENER_TYPE, 'virtualInbound']);
  const message = 'virtualInbound: filter_chains[0]: no';
  expect(accept.review([a], true)).toEqual({
    statements: [],
    pods: [{ namespace: 'default', name: 'a', message }],
  });
  expect(accept.review([a], true).pods).toEqual([]);
});

describe('after a restart', () => {
  beforeEach(() => {
    const object = structuredClone(rule.object) as NonNullable<typeof rule.object> & { status?: unknown };
    object.status = { conditions: [{ type: 'ProxiesAccept', status: 'False' }] };
    accept.recall(object);
  });

  test('what was refused stays so until who refused it has had time to return', () => {
    expect(said([], false)).toEqual([]);
    expect(said([], true)).toEqual(['DestinationRule default/web True Accepted']);
  });

  test('or is refused again', () => {
    const a = proxy('a');
    refuse(a, 'no');
    expect(said([a], false)).toEqual(['DestinationRule default/web False RefusedByProxy a.default: no']);
    expect(said([a], true)).toEqual([]);
  });
});
