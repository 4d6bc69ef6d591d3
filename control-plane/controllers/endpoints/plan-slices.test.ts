import { describe, expect, test } from 'vitest';
import { type EndpointSlice, EndpointSliceSchema } from '#api/kinds/endpoint-slice.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Node } from '#api/kinds/node.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { PodSchema } from '#api/kinds/pod.ts';
import { type Service, ServiceSchema } from '#api/kinds/service.ts';
import { planSlices } from './plan-slices.ts';

interface PodShape {
  readonly name: string;
  readonly ip?: string | undefined;
  readonly ready?: boolean;
  readonly going?: boolean;
  readonly phase?: 'Running' | 'Failed' | 'Succeeded';
  readonly port?: number;
  readonly spec?: object;
}

const stored = { uid: 'u', resourceVersion: '1', creationTimestamp: '' };

function service(spec: object = {}, labels = {}): Stored<Service> {
  const metadata = { name: 'web', namespace: 'ns', labels, ...stored };
  const ports = [{ port: 80, targetPort: 'http' }];
  const given = { selector: { app: 'web' }, ports, ...spec };
  return ServiceSchema.parse({ apiVersion: 'v1', kind: 'Service', metadata, spec: given }) as Stored<Service>;
}

function pod(shape: PodShape): Stored<Pod> {
  const ports = [{ name: 'http', containerPort: shape.port ?? 8080 }];
  return PodSchema.parse({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: shape.name,
      namespace: 'ns',
      ...stored,
      uid: shape.name,
      ...(shape.going ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { containers: [{ name: 'app', ports }], nodeName: 'n1', ...shape.spec },
    status: {
      phase: shape.phase ?? 'Running',
      podIP: 'ip' in shape ? shape.ip : '10.0.0.1',
      conditions: [{ type: 'Ready', status: shape.ready === false ? 'False' : 'True' }],
    },
  }) as Stored<Pod>;
}

const node = { metadata: { labels: { 'topology.kubernetes.io/zone': 'z1' } } } as unknown as Node;
const plan = (of: Stored<Service>, pods: PodShape[], existing: Stored<EndpointSlice>[] = []) =>
  planSlices(of, pods.map(pod), () => node, existing);
const saved = (slices: readonly EndpointSlice[]): Stored<EndpointSlice>[] =>
  slices.map(
    (slice) =>
      EndpointSliceSchema.parse({
        ...slice,
        metadata: { ...slice.metadata, ...stored },
      }) as Stored<EndpointSlice>,
  );
const names = (slice?: EndpointSlice): unknown[] => (slice?.endpoints ?? []).map((e) => e.targetRef?.name);

describe('a pod', () => {
  const serving = { ready: true, serving: true, terminating: false };
  test.each<{ name: string; pod: PodShape; spec?: object; conditions: object | undefined }>([
    { name: 'that is ready gets traffic', pod: { name: 'p' }, conditions: serving },
    {
      name: 'that is not ready gets none',
      pod: { name: 'p', ready: false },
      conditions: { ready: false, serving: false, terminating: false },
    },
    {
      name: 'that goes but still serves is shown so',
      pod: { name: 'p', going: true },
      conditions: { ready: false, serving: true, terminating: true },
    },
    {
      name: 'that is not ready is published when the service says so',
      pod: { name: 'p', ready: false },
      spec: { publishNotReadyAddresses: true },
      conditions: { ready: true, serving: false, terminating: false },
    },
    { name: 'without an address is no endpoint', pod: { name: 'p', ip: undefined }, conditions: undefined },
    { name: 'that failed is no endpoint', pod: { name: 'p', phase: 'Failed' }, conditions: undefined },
    { name: 'that finished is no endpoint', pod: { name: 'p', phase: 'Succeeded' }, conditions: undefined },
    {
      name: 'without a port of the wanted name is no endpoint',
      pod: { name: 'p' },
      spec: { ports: [{ port: 80, targetPort: 'grpc' }] },
      conditions: undefined,
    },
  ])('$name', ({ pod: shape, spec, conditions }) => {
    const { create } = plan(service(spec), [shape]);
    expect(create).toHaveLength(1);
    expect(create[0]?.endpoints[0]?.conditions).toEqual(conditions);
  });

  test('is shown with its node, zone, host name and reference', () => {
    const spec = { hostname: 'p-0', subdomain: 'web' };
    expect(plan(service(), [{ name: 'p', spec }]).create[0]?.endpoints[0]).toMatchObject({
      addresses: ['10.0.0.1'],
      nodeName: 'n1',
      zone: 'z1',
      hostname: 'p-0',
      targetRef: { kind: 'Pod', namespace: 'ns', name: 'p', uid: 'p' },
    });
  });
});

describe('the ports of a slice', () => {
  test.each<{ name: string; ports: object[]; are: object[] }>([
    {
      name: 'are the target number',
      ports: [{ port: 80, targetPort: 9000 }],
      are: [{ name: '', port: 9000, protocol: 'TCP' }],
    },
    {
      name: 'are the number in words',
      ports: [{ port: 80, targetPort: '9000' }],
      are: [{ name: '', port: 9000, protocol: 'TCP' }],
    },
    {
      name: 'are the port itself without a target',
      ports: [{ port: 80 }],
      are: [{ name: '', port: 80, protocol: 'TCP' }],
    },
    {
      name: "are the container's port by name",
      ports: [{ port: 80, targetPort: 'http' }],
      are: [{ name: '', port: 8080, protocol: 'TCP' }],
    },
    {
      name: 'keep name, protocol and appProtocol',
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP' },
        { name: 'web', port: 80, appProtocol: 'http2' },
      ],
      are: [
        { name: 'dns', port: 53, protocol: 'UDP' },
        { name: 'web', port: 80, protocol: 'TCP', appProtocol: 'http2' },
      ],
    },
    {
      name: 'leave out a name that belongs to another protocol',
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 81, protocol: 'UDP', targetPort: 'http' },
      ],
      are: [{ name: 'a', port: 80, protocol: 'TCP' }],
    },
  ])('$name', ({ ports, are }) => {
    expect(plan(service({ ports }), [{ name: 'p' }]).create[0]?.ports).toEqual(are);
  });

  test('differ from pod to pod: then there are several slices', () => {
    const { create } = plan(service(), [
      { name: 'a', port: 8080 },
      { name: 'b', port: 9090 },
    ]);
    expect(create.map((slice) => [names(slice), slice.ports[0]?.port])).toEqual([
      [['a'], 8080],
      [['b'], 9090],
    ]);
    expect(new Set(create.map((slice) => slice.metadata.name)).size).toBe(2);
  });
});

describe('over time', () => {
  const many = (count: number): PodShape[] =>
    Array.from({ length: count }, (_, i) => ({ name: `p${String(i).padStart(3, '0')}` }));

  test('a service without pods has one slice with the ports that are known', () => {
    const { create } = plan(service({ ports: [{ port: 80, targetPort: 8080 }] }), []);
    expect(create.map((slice) => [slice.endpoints, slice.ports[0]?.port])).toEqual([[[], 8080]]);
  });

  test('the first pod fills the slice that was there', () => {
    const fixed = service({ ports: [{ port: 80, targetPort: 8080 }] });
    const held = saved(plan(fixed, []).create);
    const { create, update, remove } = plan(fixed, [{ name: 'p' }], held);
    expect([create.length, names(update[0]), remove.length]).toEqual([0, ['p'], 0]);
  });

  test('planning again changes nothing, so a restart adopts what is there', () => {
    const held = saved(plan(service(), many(250)).create);
    expect(held.map((slice) => slice.endpoints.length)).toEqual([100, 100, 50]);
    expect(plan(service(), many(250), held)).toEqual({ create: [], update: [], remove: [] });
  });

  test('one pod that changes changes one slice', () => {
    const held = saved(plan(service(), many(250)).create);
    const pods = many(250).map((shape, i) => (i === 120 ? { ...shape, ready: false } : shape));
    const { create, update, remove } = plan(service(), pods, held);
    expect([create.length, update.length, remove.length]).toEqual([0, 1, 0]);
  });

  test('one that goes leaves the others where they are, and one that comes takes its place', () => {
    const held = saved(plan(service(), many(250)).create);
    const without = plan(service(), many(250).toSpliced(10, 1), held);
    expect(without.update.map((slice) => slice.endpoints.length)).toEqual([99]);
    const shrunk = held.map((slice, i) => (i === 0 ? saved(without.update)[0]! : slice));
    const with_ = plan(service(), [...many(250).toSpliced(10, 1), { name: 'zzz' }], shrunk);
    expect(with_.update.map((slice) => names(slice).at(-1))).toEqual(['zzz']);
  });

  test('slices that are empty go, but the first one stays', () => {
    const fixed = service({ ports: [{ port: 80, targetPort: 8080 }] });
    const held = saved(plan(fixed, many(250)).create);
    const left = many(250).slice(100, 200);
    const some = plan(fixed, left, held);
    expect(some.remove.map((slice) => slice.metadata.name)).toEqual([held[2]?.metadata.name]);
    expect(some.update.map((slice) => slice.endpoints.length)).toEqual([0]);
    const none = plan(fixed, [], held);
    expect(none.remove).toHaveLength(2);
    expect(none.update.map((slice) => slice.endpoints.length)).toEqual([0]);
  });

  test('labels of the service and of a headless one are carried', () => {
    const { create } = plan(service({ clusterIP: 'None' }, { team: 'a' }), []);
    expect(create[0]?.metadata.labels).toEqual({
      team: 'a',
      'service.kubernetes.io/headless': '',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    });
  });
});
