import { expect, test } from 'vitest';
import { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import { Service } from '#api/kinds/service.ts';
import { serviceRules } from './host-rules.ts';
import { virtualPorts } from './service-backends.ts';

const CONFIG = { id: 'm', podCidr: '10.244.0.0/16', serviceCidr: '10.96.0.0/16' };

function service(name: string, clusterIP: string, ports: object[]) {
  return Service.schema.parse({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop' },
    spec: { clusterIP, ports },
  });
}

function slice(name: string, endpoints: object[], ports: object[], namespace = 'shop') {
  return EndpointSlice.schema.parse({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-x`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints,
    ports,
  });
}

const ready = (address: string) => ({ addresses: [address], conditions: { ready: true } });

test('renders one map, one chain a port, and what pods may not do', () => {
  const rules = serviceRules(
    CONFIG,
    [service('web', '10.96.0.5', [{ port: 80 }])],
    [slice('web', [ready('10.244.0.9'), ready('10.244.0.8')], [{ port: 8080 }])],
    [],
  );
  expect(rules.startsWith('table inet weft_m\ndelete table inet weft_m\ntable inet weft_m {\n')).toBe(true);
  expect(rules).toContain(`  chain to-10-96-0-5-tcp-80 {
    meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.244.0.8 . 8080, 1 : 10.244.0.9 . 8080 }
  }`);
  expect(rules).toContain('elements = { 10.96.0.5 . tcp . 80 : goto to-10-96-0-5-tcp-80 }');
  expect(rules).toContain('elements = { 10.244.0.8 . 10.244.0.8, 10.244.0.9 . 10.244.0.9 }');
  expect(rules).toContain('iifname != "lo" ip saddr 169.254.7.127 drop');
  expect(rules).toContain('ip daddr 10.244.0.1 meta l4proto { tcp, udp } th dport 53 accept');
  const limit = rules.indexOf(
    'udp dport { 53, 5054 } meter questions { ip saddr limit rate over 2000/second',
  );
  expect(limit).toBeGreaterThan(0);
  expect(limit).toBeLessThan(rules.indexOf('ct state established,related accept', limit));
});

test('renders the same text whatever the order of what it is given', () => {
  const services = [service('a', '10.96.0.5', [{ port: 80 }])];
  const slices = [
    slice('a', [ready('10.244.0.9')], [{ port: 8080 }]),
    slice('a', [ready('10.244.0.8')], [{ port: 8080 }]),
  ];
  expect(serviceRules(CONFIG, services, slices, [])).toBe(
    serviceRules(CONFIG, services, slices.toReversed(), []),
  );
});

test('pods reach the receivers of a trace viewer where there is one, and its pages never', () => {
  expect(serviceRules({ ...CONFIG, addons: {} }, [], [], [])).not.toContain('tcp dport { 4317');
  const traces = { port: 16686, grpcPort: 4317, httpPort: 4318 };
  const rules = serviceRules({ ...CONFIG, addons: { traces } }, [], [], []);
  const accepted = rules.indexOf('    ip daddr 10.244.0.1 tcp dport { 4317, 4318 } accept\n');
  expect(accepted).toBeGreaterThan(0);
  expect(accepted).toBeLessThan(rules.indexOf('reject with icmpx admin-prohibited'));
  expect(rules).not.toContain('16686');
});

test('without services there is nothing to lead to, and no empty list of elements', () => {
  const rules = serviceRules(CONFIG, [], [], []);
  expect(rules).not.toContain('elements');
  expect(rules).toContain('map services');
});

test('ports are matched by name and protocol, numbers may differ from slice to slice', () => {
  const ports = virtualPorts(
    CONFIG.serviceCidr,
    [
      service('web', '10.96.0.5', [
        { name: 'http', port: 80 },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ]),
    ],
    [
      slice(
        'web',
        [ready('10.244.0.8')],
        [
          { name: 'http', port: 8080 },
          { name: 'dns', port: 5353, protocol: 'UDP' },
        ],
      ),
      slice('web', [ready('10.244.0.9')], [{ name: 'http', port: 9090 }]),
    ],
  );
  expect(ports).toEqual([
    {
      vip: '10.96.0.5',
      protocol: 'tcp',
      port: 80,
      backends: [
        { address: '10.244.0.8', port: 8080 },
        { address: '10.244.0.9', port: 9090 },
      ],
    },
    { vip: '10.96.0.5', protocol: 'udp', port: 53, backends: [{ address: '10.244.0.8', port: 5353 }] },
  ]);
});

const WEB = service('web', '10.96.0.5', [{ port: 80 }]);
test.each([
  [
    'an endpoint that is not ready',
    slice('web', [{ addresses: ['10.244.0.8'], conditions: { ready: false } }], [{ port: 1 }]),
  ],
  ['the host’s loopback', slice('web', [ready('127.0.0.1')], [{ port: 1 }])],
  ['a link-local address', slice('web', [ready('169.254.169.254')], [{ port: 1 }])],
  ['an address that ends the rule', slice('web', [ready('10.0.0.1 } ; accept')], [{ port: 1 }])],
  ['an address out of range', slice('web', [ready('10.0.0.256')], [{ port: 1 }])],
  ['another service', slice('other', [ready('10.244.0.8')], [{ port: 1 }])],
  ['a service of another namespace', slice('web', [ready('10.244.0.8')], [{ port: 1 }], 'elsewhere')],
  ['a port of another name', slice('web', [ready('10.244.0.8')], [{ name: 'x', port: 1 }])],
])('a port does not lead to %s', (_, endpoints) => {
  expect(virtualPorts(CONFIG.serviceCidr, [WEB], [endpoints])).toMatchObject([{ backends: [] }]);
});

test('an endpoint that does not say whether it is ready is', () => {
  const endpoints = slice('web', [{ addresses: ['10.244.0.8'] }], [{ port: 1 }]);
  expect(virtualPorts(CONFIG.serviceCidr, [WEB], [endpoints])[0]?.backends).toHaveLength(1);
});

test.each(['None', '', '192.0.2.1', '10.97.0.1'])('a service at "%s" takes over no address', (clusterIP) => {
  expect(virtualPorts(CONFIG.serviceCidr, [service('web', clusterIP, [{ port: 80 }])], [])).toEqual([]);
});

test('of two services that claim an address the first has it', () => {
  const services = [WEB, service('thief', '10.96.0.5', [{ port: 80 }])];
  const slices = [
    slice('web', [ready('10.244.0.8')], [{ port: 1 }]),
    slice('thief', [ready('10.244.0.9')], [{ port: 1 }]),
  ];
  expect(virtualPorts(CONFIG.serviceCidr, services, slices)).toMatchObject([
    { backends: [{ address: '10.244.0.8' }] },
  ]);
});

test('a port of the host leads to its pod, from other machines, from the host, and nowhere else', () => {
  const rules = serviceRules(
    CONFIG,
    [],
    [],
    [{ protocol: 'tcp', port: 8080, podIp: '10.244.0.9', containerPort: 80 }],
  );
  expect(rules).toContain('chain host-ports {\n    tcp dport 8080 dnat ip to 10.244.0.9:80\n  }');
  expect(rules).toContain('iifname != "m-*" fib daddr type local goto host-ports');
  expect(rules).toContain('ip saddr 127.0.0.0/8 oifname "m-*" snat ip to 10.244.0.1');
  const published = rules.indexOf('ct state new ct status dnat accept');
  expect(published).toBeGreaterThan(0);
  expect(published).toBeLessThan(rules.indexOf('oifname "m-*" ct state new drop'));
});
