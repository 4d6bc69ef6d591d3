import { describe, expect, test } from 'vitest';
import { CLUSTER_TYPE, LISTENER_TYPE, type ResourceType, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import { gatewayView } from '../gateway/gateway-view.ts';
import { sidecarView } from '../sidecar-view.ts';
import { inputOf, newWorld } from '../testing/golden.ts';
import { refId } from './object-ref.ts';
import { originsOf } from './origins.ts';

const istio = (kind: string, name: string, spec: object) => ({
  apiVersion: 'networking.istio.io/v1',
  kind,
  metadata: { name },
  spec,
});
const service = (name: string, clusterIP: string, port: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { clusterIP, selector: { app: name }, ports: [port] },
});
const pod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: name } },
  spec: { containers: [{ name: 'app' }] },
});
const to = (host: string) => ({ route: [{ destination: { host } }] });
const server = (number: number, protocol: string, more: object = {}) => ({
  port: { number, name: `p-${number}`, protocol },
  hosts: [`${number}.example`],
  ...more,
});
const tls = (credentialName: string) => ({ tls: { mode: 'SIMPLE', credentialName } });
const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'broken' },
  data: { 'tls.crt': 'eA==', 'tls.key': 'eA==' },
};

const world = newWorld();
world.apply(
  [
    service('web', '10.96.0.1', { name: 'http', port: 80 }),
    service('shop', '10.96.0.2', { name: 'http', port: 80 }),
    service('echo', '10.96.0.3', { name: 'tcp', port: 9000 }),
    pod('caller'),
    pod('door'),
    secret,
    istio('VirtualService', 'web', { hosts: ['web'], http: [to('web')] }),
    istio('VirtualService', 'shop', {
      hosts: ['shop'],
      http: [{ match: [{ uri: { prefix: '/a' } }], ...to('shop') }],
    }),
    istio('VirtualService', 'echo', { hosts: ['echo'], tcp: [to('echo')] }),
    istio('DestinationRule', 'shop', { host: 'shop', subsets: [{ name: 'v1', labels: { version: 'v1' } }] }),
    istio('ServiceEntry', 'bank', {
      hosts: ['bank.example'],
      addresses: ['240.1.1.1'],
      ports: [{ number: 7000, name: 'tcp', protocol: 'TCP' }],
      resolution: 'STATIC',
      endpoints: [{ address: '192.0.2.1' }],
    }),
    istio('Sidecar', 'closed', {
      workloadSelector: { labels: { app: 'caller' } },
      egress: [{ hosts: ['./*'] }],
      outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' },
    }),
    ...['telling', 'general'].map((name) => ({
      apiVersion: 'telemetry.istio.io/v1',
      kind: 'Telemetry',
      metadata: { name, namespace: 'default' },
      spec: {
        ...(name === 'general' ? {} : { selector: { matchLabels: { app: 'caller' } } }),
        accessLogging: [{ providers: [{ name: 'envoy' }] }],
      },
    })),
    istio('Gateway', 'clash', { selector: { app: 'door' }, servers: [server(15021, 'HTTP')] }),
    istio('Gateway', 'opaque', { selector: { app: 'door' }, servers: [server(7001, 'TCP')] }),
    istio('Gateway', 'first', { selector: { app: 'door' }, servers: [server(443, 'HTTPS', tls('broken'))] }),
    istio('Gateway', 'second', {
      selector: { app: 'door' },
      servers: [{ ...server(443, 'HTTPS', tls('broken')), hosts: ['second.example'] }],
    }),
    istio('VirtualService', 'onward', { hosts: ['*'], gateways: ['opaque'], tcp: [to('echo')] }),
    istio('VirtualService', 'paths', { hosts: ['15021.example'], gateways: ['clash'], http: [to('web')] }),
  ].map(inputOf),
);
const views = {
  caller: sidecarView(world, { namespace: 'default', pod: 'caller' }),
  door: gatewayView(world, { namespace: 'default', pod: 'door' }),
};

function blamed(by: keyof typeof views, type: ResourceType, name: string, place: string): string[] {
  const resource = views[by].get(type, name);
  if (resource === undefined) throw new Error(`${by} has no ${name}`);
  const refused = { type, name, bytes: resource.bytes, reason: `${name}: ${place}: no` };
  const refuser = { namespace: 'default', pod: by, gateway: by === 'door' };
  return originsOf(refused, refuser, world).map(refId).sort();
}

describe('a sidecar refuses', () => {
  test.each([
    [
      'a cluster',
      CLUSTER_TYPE,
      'outbound|80|v1|shop.default.svc.cluster.local',
      'lb_policy',
      ['DestinationRule default/shop'],
    ],
    ['a cluster without rules', CLUSTER_TYPE, 'outbound|80||web.default.svc.cluster.local', 'lb_policy', []],
    [
      'the cluster of an entry',
      CLUSTER_TYPE,
      'outbound|7000||bank.example',
      'load_assignment',
      ['ServiceEntry default/bank'],
    ],
    ['an own cluster', CLUSTER_TYPE, 'PassthroughCluster', 'type', []],
    [
      'one route of a port',
      ROUTE_TYPE,
      '80',
      'virtual_hosts[0].routes[0].match',
      ['VirtualService default/shop'],
    ],
    ['another', ROUTE_TYPE, '80', 'virtual_hosts[1].routes[0]', ['VirtualService default/web']],
    [
      'a port as a whole',
      ROUTE_TYPE,
      '80',
      'name',
      ['VirtualService default/shop', 'VirtualService default/web'],
    ],
    [
      'the listener of a service',
      LISTENER_TYPE,
      '10.96.0.3_9000',
      'filter_chains[0]',
      ['VirtualService default/echo'],
    ],
    ['the listener of an entry', LISTENER_TYPE, '240.1.1.1_7000', 'address', ['ServiceEntry default/bank']],
    ['what is for everything else', LISTENER_TYPE, 'virtualOutbound', 'address', ['Sidecar default/closed']],
    ['what is made from its pod', LISTENER_TYPE, 'virtualInbound', 'address', []],
    [
      'what is told of it',
      LISTENER_TYPE,
      'virtualInbound',
      'filter_chains[0].filters[0].access_log[0].filter',
      ['Telemetry default/general', 'Telemetry default/telling'],
    ],
    [
      'the tags of what it asks',
      LISTENER_TYPE,
      '10.96.0.3_9000',
      'filter_chains[0].filters[0].istio.stats.metrics[0]',
      ['Telemetry default/general', 'Telemetry default/telling'],
    ],
  ] as const)('%s', (_name, type, name, place, expected) => {
    expect(blamed('caller', type, name, place)).toEqual(expected);
  });
});

describe('a gateway refuses', () => {
  test.each([
    [
      'a port that is its own',
      LISTENER_TYPE,
      '0.0.0.0_15021',
      'address.port_value',
      ['Gateway default/clash'],
    ],
    [
      'the certificate of one',
      LISTENER_TYPE,
      '0.0.0.0_443',
      'filter_chains[1].transport_socket',
      ['Gateway default/second'],
    ],
    [
      'a port of two',
      LISTENER_TYPE,
      '0.0.0.0_443',
      'address',
      ['Gateway default/first', 'Gateway default/second'],
    ],
    [
      'opaque routes',
      LISTENER_TYPE,
      '0.0.0.0_7001',
      'address',
      ['Gateway default/opaque', 'VirtualService default/onward'],
    ],
    [
      'what is told of its requests',
      LISTENER_TYPE,
      '0.0.0.0_7001',
      'filter_chains[0].filters[0].access_log[0]',
      ['Telemetry default/general'],
    ],
    ['routes', ROUTE_TYPE, 'http.15021', 'virtual_hosts[0].routes[0]', ['VirtualService default/paths']],
    [
      'routes that nobody wrote',
      ROUTE_TYPE,
      'https.443.p-443.first.default',
      'name',
      ['Gateway default/first'],
    ],
  ] as const)('%s', (_name, type, name, place, expected) => {
    expect(blamed('door', type, name, place)).toEqual(expected);
  });
});
