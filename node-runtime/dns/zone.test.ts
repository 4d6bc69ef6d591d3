import { expect, test } from 'vitest';
import type { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import type { Service } from '#api/kinds/service.ts';
import { serviceNames } from './service-names.ts';
import { Zone } from './zone.ts';

function service(name: string, clusterIP: string | undefined, spec: Partial<Service['spec']> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop' },
    spec: {
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ...(clusterIP === undefined ? {} : { clusterIP }),
      ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
      ...spec,
    },
  };
}

function slice(of: string, endpoints: EndpointSlice['endpoints']): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${of}-x`, namespace: 'shop', labels: { 'kubernetes.io/service-name': of } },
    addressType: 'IPv4',
    endpoints,
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
  };
}

const ready = { ready: true };
const services = [
  service('web', '10.96.0.7'),
  service('db', 'None'),
  service('empty', 'None'),
  service('early', 'None', { publishNotReadyAddresses: true }),
  service('waiting', undefined),
];
const slices = [
  slice('web', [{ addresses: ['10.244.0.5'], conditions: ready }]),
  slice('db', [
    { addresses: ['10.244.0.8'], conditions: ready, hostname: 'db-0' },
    { addresses: ['10.244.0.9'], conditions: ready },
    { addresses: ['10.244.0.10'], conditions: { ready: false }, hostname: 'db-2' },
  ]),
  slice('early', [{ addresses: ['10.244.0.11'], conditions: { ready: false } }]),
];
const zone = new Zone('cluster.local', serviceNames(services, slices));

test.each<[string, string, string, unknown]>([
  ['a service answers with its VIP', 'web.shop.svc.cluster.local', 'A', ['10.96.0.7']],
  [
    'a headless service answers with its ready pods',
    'db.shop.svc.cluster.local',
    'A',
    ['10.244.0.8', '10.244.0.9'],
  ],
  [
    'unready pods answer where the service publishes them',
    'early.shop.svc.cluster.local',
    'A',
    ['10.244.0.11'],
  ],
  ['a pod with a hostname has a name', 'db-0.db.shop.svc.cluster.local', 'A', ['10.244.0.8']],
  ['a pod without one is named by its address', '10-244-0-9.db.shop.svc.cluster.local', 'A', ['10.244.0.9']],
  ['an unready pod has no name', 'db-2.db.shop.svc.cluster.local', 'A', 'nxdomain'],
  ['a headless service without pods exists', 'empty.shop.svc.cluster.local', 'A', 'nodata'],
  ['there is no IPv6', 'web.shop.svc.cluster.local', 'AAAA', 'nodata'],
  ['a service that is not there', 'nobody.shop.svc.cluster.local', 'A', 'nxdomain'],
  ['a service that waits for its VIP', 'waiting.shop.svc.cluster.local', 'A', 'nxdomain'],
  ['a namespace that has services exists', 'shop.svc.cluster.local', 'A', 'nodata'],
  ['a namespace without any does not', 'void.svc.cluster.local', 'A', 'nxdomain'],
  ['the zone itself exists', 'cluster.local', 'A', 'nodata'],
  ['a name below a service with a VIP', 'x.web.shop.svc.cluster.local', 'A', 'nxdomain'],
  ['search domains appended to a whole name', 'web.shop.svc.cluster.local.cluster.local', 'A', 'nxdomain'],
  ['the parent of an SRV name exists', '_tcp.web.shop.svc.cluster.local', 'SRV', 'nodata'],
  ['an SRV of an unknown port', '_dns._tcp.web.shop.svc.cluster.local', 'SRV', 'nxdomain'],
  ['an SRV name asked for an address', '_http._tcp.web.shop.svc.cluster.local', 'A', 'nodata'],
])('%s', (_, name, type, expected) => {
  const reply = zone.lookup(name, type);
  const found =
    reply.found === 'records' ? reply.answers.map((a) => (a.type === 'A' ? a.address : a.type)) : reply.found;
  expect(found).toEqual(expected);
});

test('a named port has an SRV record, with the address beside it', () => {
  const name = '_http._tcp.web.shop.svc.cluster.local';
  expect(zone.lookup(name, 'SRV')).toEqual({
    found: 'records',
    answers: [{ type: 'SRV', name, target: 'web.shop.svc.cluster.local', port: 80 }],
    additionals: [{ type: 'A', name: 'web.shop.svc.cluster.local', address: '10.96.0.7' }],
  });
});

test('a headless service has one SRV record a pod, with the pod port', () => {
  const reply = zone.lookup('_http._tcp.db.shop.svc.cluster.local', 'SRV');
  expect(
    reply.found === 'records' && reply.answers.map((a) => a.type === 'SRV' && [a.target, a.port]),
  ).toEqual([
    ['db-0.db.shop.svc.cluster.local', 8080],
    ['10-244-0-9.db.shop.svc.cluster.local', 8080],
  ]);
});

test('addresses lead back to names', () => {
  expect(zone.reverse('10.96.0.7')).toBe('web.shop.svc.cluster.local');
  expect(zone.reverse('10.244.0.8')).toBe('db-0.db.shop.svc.cluster.local');
  expect(zone.reverse('10.244.0.5')).toBeUndefined();
});
