/**
 * The world is a memory of what it was told, so two things must hold: the way to a state does not matter, and a
 * change touches what depends on it and nothing else.
 */
import { fromBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ListenerSchema } from '#api/xds/gen/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from '#api/xds/gen/envoy/config/route/v3/route_pb.js';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  RESOURCE_TYPES,
  ROUTE_TYPE,
} from '#api/xds/resource-types.ts';
import { gatewayView } from './gateway/gateway-view.ts';
import type { InputChange } from './model/inputs.ts';
import { proxylessView } from './proxyless-view.ts';
import { sidecarView } from './sidecar-view.ts';
import { inputOf, newWorld } from './testing/golden.ts';
import type { World, WorldChange } from './world.ts';

const service = (name: string, more: object = {}, namespace = 'default') => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: { clusterIP: '10.96.0.1', selector: { app: name }, ports: [{ name: 'http', port: 80 }], ...more },
});

const slice = (name: string, addresses: string[], pod = 'p', namespace = 'default') => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 8080 }],
  endpoints: addresses.map((address) => ({ addresses: [address], targetRef: { kind: 'Pod', name: pod } })),
});

const pod = (name: string, labels: object, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', labels },
  spec: { containers: [{ name: 'app', ports: [{ containerPort: 8080 }] }] },
  ...more,
});

const route = (name: string, hosts: string[], destination: object) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name, namespace: 'default' },
  spec: { hosts, http: [{ route: [{ destination }] }] },
});

const subsets = (host: string, names: string[]) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name: host.replace('*.', 'all-'), namespace: 'default' },
  spec: { host, subsets: names.map((name) => ({ name, labels: { version: name } })) },
});

const entry = (name: string, spec: object) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'ServiceEntry',
  metadata: { name, namespace: 'default' },
  spec: { ports: [{ number: 80, name: 'http' }], ...spec },
});

const workload = (name: string, address: string, app: string) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'WorkloadEntry',
  metadata: { name, namespace: 'default', labels: { app } },
  spec: { address },
});

const node = (name: string, zone: string) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } },
});

const secret = (name: string, namespace: string, ca: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace },
  data: { 'ca.crt': ca },
});

const policy = (name: string, namespace: string, spec: object) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name, namespace },
  spec,
});

const telemetry = (name: string, namespace: string, spec: object) => ({
  apiVersion: 'telemetry.istio.io/v1',
  kind: 'Telemetry',
  metadata: { name, namespace },
  spec,
});

/** Of the mesh's own trace viewer. */
const OWN_COLLECTOR = { address: '10.244.0.1', port: 4317 };

const settings = (mesh: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'istio', namespace: 'istio-system' },
  data: { mesh: JSON.stringify(mesh) },
});

function touched(change: WorldChange): Record<string, string[]> {
  const names = RESOURCE_TYPES.map((type) => [type, [...change.shared[type]].sort()] as const);
  return Object.fromEntries(names.filter(([, list]) => list.length > 0));
}

describe('how traffic is seen', () => {
  const log = { accessLogging: [{ providers: [{ name: 'envoy' }] }] };
  const twins = () => {
    const made = newWorld(OWN_COLLECTOR);
    made.apply(
      [
        service('a'),
        pod('p', { app: 'a', version: 'v1' }),
        pod('q', { app: 'a', version: 'v1' }),
        pod('r', { app: 'r' }),
      ].map(inputOf),
    );
    const [p, q, r] = ['p', 'q', 'r'].map((name) => sidecarView(made, { pod: name, namespace: 'default' }));
    return { made, p: p!, q: q!, r: r! };
  };

  test('workloads that are seen alike share their listeners', () => {
    const { made, p, q, r } = twins();
    made.apply([inputOf(telemetry('t', 'default', log), 9)]);
    const listener = p.get(LISTENER_TYPE, '0.0.0.0_80');
    expect(q.get(LISTENER_TYPE, '0.0.0.0_80')).toBe(listener);
    expect(p.get(LISTENER_TYPE, '0.0.0.0_80')).toBe(listener);
    expect(q.get(LISTENER_TYPE, 'virtualInbound')).toBe(p.get(LISTENER_TYPE, 'virtualInbound'));
    const other = r.get(LISTENER_TYPE, '0.0.0.0_80');
    expect(other?.version).not.toBe(listener?.version);
  });

  test('what is not HTTP is shared by all, whoever is traced', () => {
    const { made, p, r } = twins();
    const tcp = service('t', { clusterIP: '10.96.0.8', ports: [{ name: 'tcp', port: 9000 }] });
    made.apply([inputOf(tcp, 9)]);
    const name = '10.96.0.8_9000';
    expect(r.get(LISTENER_TYPE, name)).toBe(p.get(LISTENER_TYPE, name));
    const before = p.get(LISTENER_TYPE, name)?.version;
    made.apply([inputOf(telemetry('t', 'default', log), 10)]);
    expect(r.get(LISTENER_TYPE, name)).toBe(p.get(LISTENER_TYPE, name));
    expect(p.get(LISTENER_TYPE, name)?.version).not.toBe(before);
  });

  test('an object for some workloads: the listeners of these, and nothing of the others', () => {
    const { made, p, r } = twins();
    const spec = { selector: { matchLabels: { version: 'v1' } }, ...log };
    const change = made.apply([inputOf(telemetry('t', 'default', spec), 9)]);
    expect(touched(change)).toEqual({});
    expect([...p.changed(LISTENER_TYPE, change)].sort()).toEqual([
      '0.0.0.0_80',
      'virtualInbound',
      'virtualOutbound',
    ]);
    expect([...p.changed(ROUTE_TYPE, change), ...p.changed(CLUSTER_TYPE, change)]).toEqual([]);
    expect(RESOURCE_TYPES.flatMap((type) => [...r.changed(type, change)])).toEqual([]);
  });

  test('a collector that comes: whoever tells it', () => {
    const { made, p } = twins();
    const host = 'otel.default.svc.cluster.local';
    const provider = { name: 'otel', opentelemetry: { service: host, port: 80 } };
    const asked = settings({ extensionProviders: [provider], defaultProviders: { tracing: ['otel'] } });
    made.apply([inputOf(asked, 8)]);
    const before = p.get(LISTENER_TYPE, '0.0.0.0_80')?.version;
    for (const type of RESOURCE_TYPES) p.changed(type, made.apply([]));
    const change = made.apply([inputOf(service('otel', { clusterIP: '10.96.0.7' }), 9)]);
    expect([...p.changed(LISTENER_TYPE, change)]).toContain('virtualInbound');
    expect(p.get(LISTENER_TYPE, '0.0.0.0_80')?.version).not.toBe(before);
  });

  test("settings that cannot be read are nobody's, and a finding", () => {
    const { made, p } = twins();
    const before = p.get(LISTENER_TYPE, 'virtualInbound')?.version;
    const change = made.apply([inputOf(settings({ accessLogFile: '/dev/stdout', nonsense: 1 }), 9)]);
    expect(change.diagnoses).toMatchObject([
      {
        kind: 'ConfigMap',
        findings: [{ reason: 'InvalidSettings', message: expect.stringContaining('nonsense') }],
      },
    ]);
    expect(p.get(LISTENER_TYPE, 'virtualInbound')?.version).toBe(before);
  });

  test('headers of exports are for those who are who they say they are', () => {
    const { made } = twins();
    const collector = {
      service: 'a.default.svc.cluster.local',
      port: 80,
      grpc: { initialMetadata: [{ name: 'x-key', value: 'secret' }] },
    };
    const providers = { extensionProviders: [{ name: 'otel', opentelemetry: collector }] };
    made.apply([inputOf(settings({ ...providers, defaultProviders: { tracing: ['otel'] } }), 9)]);
    const node = { pod: 'p', namespace: 'default' };
    const told = (trusted: boolean) =>
      Buffer.from(sidecarView(made, node, trusted).get(LISTENER_TYPE, '0.0.0.0_80')!.bytes).includes(
        'secret',
      );
    expect([told(true), told(false)]).toEqual([true, false]);
  });

  test('gRPC clients without a proxy see nothing of it', () => {
    const { made } = twins();
    const name = 'a.default.svc.cluster.local:80';
    const view = proxylessView(made, 'default');
    const before = view.get(LISTENER_TYPE, name)?.version;
    made.apply([inputOf(telemetry('t', 'default', log), 9)]);
    expect(view.get(LISTENER_TYPE, name)?.version).toBe(before);
  });
});

describe('a change touches only what depends on it', () => {
  const world = (): World => {
    const made = newWorld();
    made.apply(
      [
        service('a'),
        service('b', { ports: [{ name: 'http', port: 81 }], clusterIP: '10.96.0.2' }),
        slice('a', ['10.0.0.1']),
        slice('b', ['10.0.0.2'], 'q'),
        pod('p', { app: 'a', version: 'v1' }),
        pod('q', { app: 'b' }),
      ].map(inputOf),
    );
    return made;
  };
  const a = 'outbound|80||a.default.svc.cluster.local';

  test('an endpoint: the endpoints of its service', () => {
    const change = world().apply([inputOf(slice('a', ['10.0.0.1', '10.0.0.9']), 9)]);
    expect(touched(change)).toEqual({ [ENDPOINT_TYPE]: [a] });
    expect(change.diagnoses).toEqual([]);
  });

  test('a route: the route configuration of the port', () => {
    const change = world().apply([inputOf(route('r', ['a'], { host: 'b' }), 9)]);
    expect(touched(change)).toEqual({ [ROUTE_TYPE]: ['80'] });
  });

  test('a subset: its cluster and endpoints, and the route configuration is looked at', () => {
    const change = world().apply([inputOf(subsets('a', ['v1']), 9)]);
    const v1 = 'outbound|80|v1|a.default.svc.cluster.local';
    expect(touched(change)).toEqual({ [CLUSTER_TYPE]: [v1], [ENDPOINT_TYPE]: [v1], [ROUTE_TYPE]: ['80'] });
  });

  test("a pod's labels: the endpoints that lead to it", () => {
    const change = world().apply([inputOf(pod('p', { app: 'a', version: 'v2' }), 9)]);
    expect(touched(change)).toEqual({ [ENDPOINT_TYPE]: [a] });
  });

  test('a pod without news: nothing', () => {
    const status = { status: { phase: 'Running', podIP: '10.0.0.1' } };
    expect(touched(world().apply([inputOf(pod('p', { app: 'a', version: 'v1' }, status), 9)]))).toEqual({});
  });

  test('the status of a rule: nothing, and no new verdict', () => {
    const made = world();
    made.apply([inputOf(route('r', ['a'], { host: 'b' }), 9)]);
    const status = { status: { conditions: [{ type: 'Reconciled', status: 'True' }] } };
    const change = made.apply([inputOf({ ...route('r', ['a'], { host: 'b' }), ...status }, 9)]);
    expect([touched(change), change.diagnoses]).toEqual([{}, []]);
  });

  test('a destination that appears: the verdict on the rules that name it', () => {
    const made = world();
    const before = made.apply([inputOf(route('r', ['a'], { host: 'new' }), 9)]);
    expect(before.diagnoses[0]?.findings[0]?.reason).toBe('UnknownHost');
    const after = made.apply([inputOf(service('new', { clusterIP: '10.96.0.9' }), 10)]);
    expect(after.diagnoses).toEqual([{ kind: 'VirtualService', key: 'default/r', findings: [] }]);
  });

  test("a service's ports: the inbound side of the pods behind it that are watched", () => {
    const made = world();
    const view = sidecarView(made, { pod: 'p', namespace: 'default' });
    sidecarView(made, { pod: 'q', namespace: 'default' });
    const change = made.apply([
      inputOf(service('a', { ports: [{ name: 'tcp', port: 80, targetPort: 9090 }] }), 9),
    ]);
    expect([...change.inbound.keys()]).toEqual(['default/p']);
    expect([...view.changed(CLUSTER_TYPE, change)]).toContain('inbound|9090||');
    expect([...view.changed(LISTENER_TYPE, change)]).toContain('virtualInbound');
  });

  test('a rule that is for one namespace: what its clients get, and what others get stays', () => {
    const made = world();
    const own = sidecarView(made, { pod: 'p', namespace: 'default' });
    const other = sidecarView(made, { pod: 'x', namespace: 'other' });
    const before = other.get(CLUSTER_TYPE, a)?.version;
    const change = made.apply([
      inputOf(
        policy('private', 'default', {
          host: 'a',
          exportTo: ['.'],
          trafficPolicy: { connectionPool: { tcp: { maxConnections: 1 } } },
        }),
        9,
      ),
    ]);
    expect([...change.shared[CLUSTER_TYPE]]).toEqual([a]);
    expect(own.get(CLUSTER_TYPE, a)?.version).not.toBe(before);
    expect(other.get(CLUSTER_TYPE, a)?.version).toBe(before);
  });

  test('clients of one place share ranked endpoints, those of another get their own', () => {
    const made = world();
    const place = (name: string, locality: string) => pod(name, { 'istio-locality': locality });
    made.apply(
      [
        place('one', 'r1.z1'),
        place('two', 'r1.z1'),
        place('far', 'r2.z1'),
        pod('p', { app: 'a', 'istio-locality': 'r1.z1' }),
        policy('a', 'default', { host: 'a', trafficPolicy: { outlierDetection: {} } }),
        { ...slice('a', ['10.0.0.1']) },
        { ...slice('a', ['10.0.0.9'], 'far'), metadata: { ...slice('a', []).metadata, name: 'a-2' } },
      ].map(inputOf),
    );
    const [one, two, far] = ['one', 'two', 'far'].map((name) =>
      sidecarView(made, { pod: name, namespace: 'default' }).get(ENDPOINT_TYPE, a),
    );
    expect(one).toBe(two);
    expect(one?.version).not.toBe(far?.version);
  });

  test('a client that moves: what depends on its place', () => {
    const made = world();
    made.apply([inputOf(policy('a', 'default', { host: 'a', trafficPolicy: { outlierDetection: {} } }), 9)]);
    const view = sidecarView(made, { pod: 'p', namespace: 'default' });
    const change = made.apply([
      inputOf(pod('p', { app: 'a', version: 'v1', 'istio-locality': 'r1.z1' }), 10),
    ]);
    expect([...change.clients]).toEqual(['default/p']);
    expect([...view.changed(ENDPOINT_TYPE, change)]).toContain(a);
  });

  test("another namespace's Secret is nobody's here", () => {
    const made = world();
    const tls = { mode: 'SIMPLE', credentialName: 's' };
    made.apply([inputOf(policy('a', 'default', { host: 'a', trafficPolicy: { tls } }), 9)]);
    const view = sidecarView(made, { pod: 'p', namespace: 'default' });
    const without = view.get(CLUSTER_TYPE, a)?.version;
    made.apply([inputOf(secret('s', 'other', 'Y2E='), 10)]);
    expect(view.get(CLUSTER_TYPE, a)?.version).toBe(without);
    made.apply([inputOf(secret('s', 'default', 'Y2E='), 11)]);
    expect(view.get(CLUSTER_TYPE, a)?.version).not.toBe(without);
  });

  test('resources that did not change stay the same object', () => {
    const made = world();
    const before = made.clusters.get(a);
    made.apply([inputOf(subsets('a', ['v1']), 9)]);
    expect(made.clusters.get(a)).toBe(before);
  });
});

test('sidecars share what is the same for them', () => {
  const world = newWorld();
  world.apply([service('a'), pod('p', { app: 'a' }), pod('q', { app: 'a' })].map(inputOf));
  const [first, second] = ['p', 'q'].map((name) => sidecarView(world, { pod: name, namespace: 'default' }));
  const elsewhere = sidecarView(world, { pod: 'x', namespace: 'elsewhere' });
  expect(first!.get(LISTENER_TYPE, 'virtualInbound')).toBe(second!.get(LISTENER_TYPE, 'virtualInbound'));
  expect(first!.get(ROUTE_TYPE, '80')).toBe(second!.get(ROUTE_TYPE, '80'));
  expect(first!.get(ROUTE_TYPE, '80')).not.toBe(elsewhere.get(ROUTE_TYPE, '80'));
});

test('sidecars that answer a rule alike share its routes', () => {
  const world = newWorld();
  const labelled = rule('r', 'default', {
    hosts: ['a'],
    http: [{ match: [{ sourceLabels: { version: 'v1' } }], route: to('a'), timeout: '1s' }],
  });
  const pods = [
    pod('p', { version: 'v1' }),
    pod('q', { version: 'v1', app: 'x' }),
    pod('o', { version: 'v2' }),
  ];
  world.apply([service('a'), labelled, ...pods].map(inputOf));
  const [p, q, o] = ['p', 'q', 'o'].map((name) =>
    sidecarView(world, { pod: name, namespace: 'default' }).get(ROUTE_TYPE, '80'),
  );
  expect(p).toBe(q);
  expect(p).not.toBe(o);
});

test('an address that passes from one service to another keeps its listener', () => {
  const world = newWorld();
  const tcp = { ports: [{ name: 'tcp', port: 5432 }] };
  world.apply([inputOf(service('old', tcp), 0)]);
  const gone = { ...inputOf(service('old', tcp), 0), object: undefined } as InputChange;
  const change = world.apply([inputOf(service('new', tcp), 1), gone]);
  expect([...change.shared[LISTENER_TYPE]]).toEqual(['10.96.0.1_5432']);
  expect(world.listeners.get('10.96.0.1_5432')).toBeDefined();
});

describe('an address that several ask for', () => {
  const tcp = { ports: [{ number: 81, name: 'tcp' }], resolution: 'STATIC' };
  const of = (name: string, spec: object, age: number, namespace = 'default') => {
    const made = entry(name, { ...tcp, endpoints: [{ address: '10.2.0.1' }], ...spec });
    return inputOf({ ...made, metadata: { name, namespace } }, age);
  };
  const gone = (input: InputChange) => ({ ...input, object: undefined }) as InputChange;
  const clusterAt = (world: World, namespace: string) => {
    const found = sidecarView(world, { pod: 'p', namespace }).get(LISTENER_TYPE, '10.9.0.1_81');
    return found && /outbound\|81\|\|([a-z.]+)/.exec(new TextDecoder('latin1').decode(found.bytes))?.[1];
  };
  const old = of('old', { hosts: ['old.com'], addresses: ['10.9.0.1'] }, 1);
  const young = of('young', { hosts: ['a.com'], addresses: ['10.9.0.1'] }, 2, 'other');

  test.each([
    ['the oldest has it', [old, young], 'old.com'],
    ['whichever came first', [young, old], 'old.com'],
    ['and has it still when the other goes', [old, young, gone(young)], 'old.com'],
    ['the other has it when the oldest goes', [old, young, gone(old)], 'a.com'],
    [
      'who is not for the reader does not count',
      [of('old', { hosts: ['old.com'], addresses: ['10.9.0.1'], exportTo: ['other'] }, 1), young],
      'a.com',
    ],
    [
      'nobody has it who is for others',
      [of('old', { hosts: ['old.com'], addresses: ['10.9.0.1'], exportTo: ['other'] }, 1)],
      undefined,
    ],
  ])('%s', (_, changes, expected) => {
    const world = newWorld();
    for (const change of changes) world.apply([change]);
    expect(clusterAt(world, 'default')).toBe(expected);
    const names = [...sidecarView(world, { pod: 'p', namespace: 'default' }).names(LISTENER_TYPE)];
    expect(names.filter((name) => name === '10.9.0.1_81')).toHaveLength(expected === undefined ? 0 : 1);
  });

  test("a Service's is its own, whatever it speaks", () => {
    const world = newWorld();
    const taken = of(
      'taker',
      { hosts: ['a.com'], addresses: ['10.96.0.1'], ports: [{ number: 80, name: 'tcp' }] },
      1,
    );
    world.apply([taken]);
    expect(world.listeners.get('10.96.0.1_80')).toBeDefined();
    const { diagnoses } = world.apply([inputOf(service('web'), 2)]);
    expect(world.listeners.get('10.96.0.1_80')).toBeUndefined();
    expect(diagnoses.flatMap(({ findings }) => findings.map(({ reason }) => reason))).toContain(
      'HostConflict',
    );
    world.apply([gone(inputOf(service('web'), 2))]);
    expect(world.listeners.get('10.96.0.1_80')).toBeDefined();
  });

  test('a network around it does not take what the Service speaks HTTP on', () => {
    const world = newWorld();
    const ports = [{ number: 80, name: 'tcp' }];
    const around = (age: number) =>
      of('around', { hosts: ['a.com'], addresses: ['0.0.0.0/0'], ports }, age, 'other');
    world.apply([around(1)]);
    world.apply([inputOf(service('web'), 2)]);
    const view = sidecarView(world, { pod: 'p', namespace: 'default' });
    const chains = fromBinary(ListenerSchema, view.get(LISTENER_TYPE, '0.0.0.0_80')!.bytes).filterChains;
    const said = chains.map(({ filterChainMatch, filters }) => [
      filterChainMatch?.prefixRanges.map(({ addressPrefix, prefixLen }) => `${addressPrefix}/${prefixLen}`),
      filters[0]?.name,
    ]);
    expect(said).toEqual([
      [['10.96.0.1/32'], 'envoy.filters.network.http_connection_manager'],
      [['0.0.0.0/0'], 'envoy.filters.network.tcp_proxy'],
    ]);
  });

  test('a name that sounds like a Service does not take its domains', () => {
    const world = newWorld();
    world.apply([
      inputOf(service('web'), 2),
      of('taker', { hosts: ['web.default'], ports: [{ number: 80, name: 'http' }] }, 1, 'other'),
    ]);
    const routes = sidecarView(world, { pod: 'p', namespace: 'default' }).get(ROUTE_TYPE, '80')!;
    const { virtualHosts } = fromBinary(RouteConfigurationSchema, routes.bytes);
    const owner = virtualHosts.find(({ domains }) => domains.includes('web.default'));
    expect(owner?.name).toBe('web.default.svc.cluster.local:80');
  });
});

test('the sidecar of a deleted pod keeps its inbound side while it drains', () => {
  const world = newWorld();
  const input = inputOf(pod('p', { app: 'a' }), 0);
  world.apply([inputOf(service('a'), 0), input]);
  const view = sidecarView(world, { pod: 'p', namespace: 'default' });
  const before = view.get(LISTENER_TYPE, 'virtualInbound');
  const change = world.apply([{ ...input, object: undefined } as InputChange]);
  expect(change.inbound.size).toBe(0);
  expect(view.get(LISTENER_TYPE, 'virtualInbound')).toBe(before);
});

const rule = (name: string, namespace: string, spec: object) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name, namespace },
  spec,
});

const to = (name: string) => [{ destination: { host: `${name}.default.svc.cluster.local` } }];

/** What rules say to some readers and not to others, and through others. */
const SPOKEN = [
  { http: [{ match: [{ sourceLabels: { version: 'v1' } }], route: to('b') }, { route: to('c') }] },
  { http: [{ match: [{ sourceNamespace: 'other' }], route: to('b') }] },
  { http: [{ delegate: { name: 'delegate' } }, { redirect: { uri: '/' } }] },
  { http: [{ delegate: { name: 'delegate', namespace: 'other' } }] },
  { http: [{ route: to('b'), mirror: { host: 'c' } }] },
  {
    tcp: [
      { match: [{ sourceLabels: { version: 'v2' } }], route: to('b') },
      { match: [{ port: 81 }], route: to('c') },
    ],
  },
  { tls: [{ match: [{ sniHosts: ['ext.example.com'], sourceLabels: { version: 'v1' } }], route: to('b') }] },
];

describe('the way to a state does not matter', () => {
  const HOSTS = ['a', 'b', 'c'];
  const READY = { podIP: '10.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] };
  const host = fc.constantFrom(...HOSTS);
  const claim = fc.constantFrom(...HOSTS, 'example.com', '*.example.com', '*.default.svc.cluster.local');
  const ports = fc.uniqueArray(
    fc.record({ name: fc.constantFrom('http', 'tcp', 'tls', 'web'), port: fc.constantFrom(80, 81) }),
    { minLength: 1, maxLength: 2, selector: ({ port }) => port },
  );
  const named = (list: { name: string; port: number }[]) =>
    list.map(({ name, port }) => ({ name: `${name}-${port}`, port }));
  const manifest = fc.oneof(
    fc
      .tuple(host, ports)
      .map(([name, list]) =>
        service(name, { clusterIP: `10.96.0.${HOSTS.indexOf(name) + 1}`, ports: named(list) }),
      ),
    fc.tuple(host, fc.subarray(['10.0.0.1', '10.0.0.2'])).map(([name, list]) => slice(name, list)),
    fc
      .tuple(fc.constantFrom('v1', 'v2'), fc.constantFrom({}, { 'istio-locality': 'r1.z1' }))
      .map(([version, place]) => {
        const made = pod('p', { app: 'a', version, ...place }, { status: READY });
        return { ...made, spec: { ...made.spec, nodeName: 'n' } };
      }),
    fc.constantFrom('z1', 'z2').map((zone) => node('n', zone)),
    fc
      .tuple(fc.constantFrom('default', 'other'), fc.constantFrom('Y2E=', 'Y2Ey'))
      .map(([namespace, ca]) => secret('s', namespace, ca)),
    fc
      .tuple(fc.constantFrom('w', 'x'), fc.constantFrom('10.1.0.1', '10.1.0.2'), fc.constantFrom('a', 'ext'))
      .map(([name, address, app]) => workload(name, address, app)),
    fc
      .tuple(
        fc.constantFrom('d', 'e'),
        fc.subarray(['ext.example.com', 'a.default.svc.cluster.local', '*.example.org'], { minLength: 1 }),
        fc.constantFrom(
          { resolution: 'NONE' },
          { resolution: 'NONE', ports: [{ number: 81, name: 'tls' }] },
          { resolution: 'NONE', ports: [{ number: 80, name: 'tcp' }], addresses: ['10.9.0.0/16'] },
          { resolution: 'DNS', endpoints: [{ address: 'www.example.com' }] },
          { resolution: 'STATIC', workloadSelector: { labels: { app: 'a' } } },
          { resolution: 'STATIC', endpoints: [{ address: '10.2.0.1', weight: 2 }], exportTo: ['other'] },
          {
            resolution: 'STATIC',
            endpoints: [{ address: '10.2.0.1' }],
            addresses: ['10.96.0.1', '10.9.0.1'],
          },
          { ports: [{ number: 81, name: 'tcp' }], addresses: ['10.96.0.1', '10.9.0.1'] },
          { ports: [{ number: 81, name: 'tcp' }], addresses: ['10.9.0.1'], exportTo: ['other'] },
          { ports: [{ number: 80, name: 'tcp' }], addresses: ['0.0.0.0/0'], resolution: 'NONE' },
        ),
      )
      .map(([name, hosts, spec]) => entry(name, { hosts, ...spec })),
    fc
      .tuple(
        fc.constantFrom('t', 'u'),
        fc.constantFrom('default', 'other', 'istio-system'),
        fc.constantFrom('a.default.svc.cluster.local', 'ext.example.com', '*.default.svc.cluster.local'),
        fc.constantFrom(
          { outlierDetection: {} },
          { tls: { mode: 'SIMPLE', credentialName: 's' } },
          { loadBalancer: { simple: 'RANDOM' } },
          { loadBalancer: { consistentHash: { httpHeaderName: 'x-user' } } },
        ),
        fc.constantFrom({}, { exportTo: ['.'] }, { workloadSelector: { matchLabels: { version: 'v1' } } }),
      )
      .map(([name, namespace, on, trafficPolicy, scope]) =>
        policy(name, namespace, { host: on, trafficPolicy, ...scope }),
      ),
    fc
      .tuple(fc.constantFrom('r', 's'), claim, host, fc.constantFrom(undefined, 'v1'))
      .map(([name, on, to, subset]) =>
        route(name, [on], { host: to, ...(subset === undefined ? {} : { subset }) }),
      ),
    fc
      .tuple(
        fc.constantFrom('r', 'q'),
        fc.constantFrom('default', 'other'),
        fc.constantFrom('a.default.svc.cluster.local', '*.default.svc.cluster.local', 'ext.example.com'),
        fc.constantFrom({}, { exportTo: ['.'] }, { exportTo: ['default'] }, { gateways: ['edge'] }),
        fc.constantFrom(...SPOKEN),
      )
      .map(([name, namespace, on, scope, spec]) =>
        rule(name, namespace, { hosts: 'tls' in spec ? ['ext.example.com'] : [on], ...scope, ...spec }),
      ),
    fc
      .tuple(fc.constantFrom('default', 'other'), fc.constantFrom({}, { exportTo: ['.'] }))
      .map(([namespace, scope]) => rule('delegate', namespace, { ...scope, http: [{ route: to('b') }] })),
    fc
      .tuple(fc.constantFrom(...HOSTS, '*.default.svc.cluster.local'), fc.subarray(['v1', 'v2']))
      .map(([on, names]) => subsets(on, names)),
  );
  const scopes = fc
    .tuple(
      fc.constantFrom('default', 'istio-system'),
      fc.constantFrom({}, { workloadSelector: { labels: { version: 'v1' } } }),
      fc.constantFrom(
        { egress: [{ hosts: ['./*'] }] },
        { egress: [{ port: { number: 81 }, hosts: ['*/*'] }, { hosts: ['~/*'] }] },
        { egress: [{ hosts: ['*/ext.example.com', '*/a.default.svc.cluster.local'] }] },
        { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } },
      ),
    )
    .map(([namespace, selector, spec]) => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'Sidecar',
      metadata: { name: 'scope', namespace },
      spec: { ...selector, ...spec },
    }));
  const doors = fc
    .tuple(
      fc.constantFrom('edge', 'door'),
      fc.constantFrom({}, { selector: { version: 'v1' } }),
      fc.constantFrom(
        { port: { number: 80, name: 'http', protocol: 'HTTP' } },
        { port: { number: 80, name: 'http', protocol: 'HTTP' }, tls: { httpsRedirect: true } },
        { port: { number: 81, name: 'tcp', protocol: 'TCP' } },
        { port: { number: 81, name: 'tls', protocol: 'TLS' }, tls: { mode: 'PASSTHROUGH' } },
      ),
      fc.constantFrom(['*'], ['ext.example.com'], ['./a.default.svc.cluster.local', '*.example.com']),
    )
    .map(([name, selector, server, hosts]) => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name, namespace: 'default' },
      spec: { ...selector, servers: [{ ...server, hosts }] },
    }));
  const observed = fc
    .tuple(
      fc.constantFrom('x', 'y'),
      fc.constantFrom('default', 'other', 'istio-system'),
      fc.constantFrom({}, { selector: { matchLabels: { version: 'v1' } } }),
      fc.constantFrom(
        { tracing: [{ providers: [{ name: 'otel' }] }] },
        { tracing: [{ match: { mode: 'SERVER' }, randomSamplingPercentage: 100 }] },
        { tracing: [{ disableSpanReporting: true }] },
        { metrics: [{ overrides: [{ match: { metric: 'REQUEST_SIZE' }, disabled: true }] }] },
        { accessLogging: [{ providers: [{ name: 'envoy' }] }] },
        { accessLogging: [{ match: { mode: 'CLIENT' }, disabled: true }] },
      ),
    )
    .map(([name, namespace, selector, spec]) => telemetry(name, namespace, { ...selector, ...spec }));
  const otel = (service: string, port: number) => ({
    extensionProviders: [{ name: 'otel', opentelemetry: { service, port } }],
    defaultProviders: { tracing: ['otel'] },
  });
  const meshSettings = fc
    .constantFrom<object>(
      {},
      { accessLogFile: '/dev/stdout' },
      { defaultConfig: { tracing: { sampling: 50 } } },
      otel('a.default.svc.cluster.local', 80),
      otel('other/ext.example.com', 80),
      otel('default/ext.example.com', 81),
    )
    .map(settings);
  const anything = fc.oneof({ weight: 8, arbitrary: manifest }, scopes, doors, observed, meshSettings);
  /** A deleted pod is the exception: its sidecar keeps what it has while it drains. */
  const change = fc
    .tuple(anything, fc.boolean())
    .map(([object, gone]) => [object, gone && object.kind !== 'Pod'] as const);

  test.each([
    ['a sidecar', sidecarView],
    ['a gateway', gatewayView],
  ])('changes one by one, or the result at once: %s', (_, viewOf) => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 40 }), (changes) => {
        const stepwise = newWorld(OWN_COLLECTOR);
        const view = viewOf(stepwise, { pod: 'p', namespace: 'default' });
        const held = new Map<string, string>();
        const final = new Map<string, InputChange>();
        const follow = (batch: InputChange[]): void => {
          const result = stepwise.apply(batch);
          for (const type of RESOURCE_TYPES) {
            for (const name of view.changed(type, result)) {
              const version = view.get(type, name)?.version;
              if (version === undefined) held.delete(`${type} ${name}`);
              else held.set(`${type} ${name}`, version);
            }
          }
        };
        for (const type of RESOURCE_TYPES) {
          for (const name of view.names(type)) held.set(`${type} ${name}`, view.get(type, name)!.version);
        }
        for (const [object, gone] of changes) {
          const input = inputOf(object, 7);
          const next = gone ? ({ ...input, object: undefined } as InputChange) : input;
          final.set(`${input.kind} ${input.key}`, next);
          follow([next]);
        }
        const fresh = newWorld(OWN_COLLECTOR);
        fresh.apply([...final.values()].filter(({ object }) => object !== undefined));
        const expected = viewOf(fresh, { pod: 'p', namespace: 'default' });
        for (const type of RESOURCE_TYPES) {
          const names = [...expected.names(type)].sort();
          expect([...view.names(type)].sort()).toEqual(names);
          const heldNames = [...held.keys()].filter((key) => key.startsWith(`${type} `)).sort();
          expect(heldNames).toEqual(names.map((name) => `${type} ${name}`));
          for (const name of names)
            expect([name, held.get(`${type} ${name}`)]).toEqual([name, expected.get(type, name)?.version]);
        }
      }),
      { numRuns: 200 },
    );
  });
});
