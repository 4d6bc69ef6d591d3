import { expect, test } from 'vitest';
import { Gateway } from '#api/kinds/gateway.ts';
import type { Stored } from '#api/kinds/meta.ts';
import { gatewaysFor, servedPorts } from './served-gateways.ts';

let age = 0;
function gateway(name: string, servers: object[], selector?: Record<string, string>): Stored<Gateway> {
  age += 1;
  return Gateway.schema.parse({
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace: 'default', creationTimestamp: String(age).padStart(4, '0') },
    spec: { servers, ...(selector === undefined ? {} : { selector }) },
  }) as Stored<Gateway>;
}

const server = (number: number, protocol: string, tls?: object) => ({
  port: { number, name: `${protocol.toLowerCase()}-${number}`, protocol },
  hosts: ['*'],
  ...(tls === undefined ? {} : { tls }),
});

test('a Gateway goes for the pods that carry its selector', () => {
  const gateways = [
    gateway('a', [server(80, 'HTTP')], { istio: 'ingressgateway' }),
    gateway('b', [server(80, 'HTTP')]),
  ];
  const names = (labels: Record<string, string>) =>
    gatewaysFor(labels, gateways).map(({ metadata }) => metadata.name);
  expect(names({ istio: 'ingressgateway', app: 'x' })).toEqual(['a', 'b']);
  expect(names({ istio: 'egressgateway' })).toEqual(['b']);
});

test.each([
  ['servers of one kind share a port', [server(80, 'HTTP'), server(80, 'HTTP2')], [['http', 2]]],
  ['the first says how a port is read', [server(80, 'HTTP'), server(80, 'TCP')], [['http', 1]]],
  [
    'TLS that ends here and TLS that passes share a port',
    [
      server(443, 'HTTPS', { mode: 'SIMPLE', credentialName: 'c' }),
      server(443, 'TLS', { mode: 'PASSTHROUGH' }),
    ],
    [['tls', 2]],
  ],
  [
    'ports are apart',
    [server(80, 'HTTP'), server(31400, 'TCP')],
    [
      ['http', 1],
      ['tcp', 1],
    ],
  ],
])('%s', (_, servers, expected) => {
  const ports = servedPorts([gateway('a', servers)]);
  expect(ports.map(({ layer, servers: own }) => [layer, own.length])).toEqual(expected);
});
