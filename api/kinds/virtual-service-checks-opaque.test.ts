import { expect, test } from 'vitest';
import { validate } from './validate.ts';
import { VirtualService } from './virtual-service.ts';

const route = [{ destination: { host: 'web' } }];
const http = [{ route }];
const tls = (match: object) => ({ hosts: ['web', '*.example.com'], tls: [{ match: [match], route }] });
const tcp = (match: object) => ({ hosts: ['web'], tcp: [{ match: [match], route }] });

function mistakes(spec: object): string[] {
  const verdict = validate(VirtualService, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'web', namespace: 'default' },
    spec,
  });
  return verdict.ok ? [] : verdict.mistakes.map(({ path }) => path);
}

test.each([
  ['a TLS route', tls({ sniHosts: ['a.example.com', '*.b.example.com'], port: 443 })],
  ['a TCP route', tcp({ destinationSubnets: ['10.0.0.0/8', '10.1.2.3'], gateways: ['mesh', 'ns/edge'] })],
  ['a delegate', { http }],
  ['everything at a gateway', { hosts: ['*'], gateways: ['edge'], http }],
  ['an export', { hosts: ['web'], exportTo: ['.', 'other'], http }],
])('accepts %s', (_name, spec) => {
  expect(mistakes(spec)).toEqual([]);
});

test.each<[string, object, string[]]>([
  ['no route at all', { hosts: ['web'] }, ['spec.http']],
  ['a name beyond the hosts', tls({ sniHosts: ['example.org'] }), ['spec.tls[0].match[0].sniHosts[0]']],
  ['a wider wildcard than the hosts', tls({ sniHosts: ['*.com'] }), ['spec.tls[0].match[0].sniHosts[0]']],
  ['a name that is none', tls({ sniHosts: ['a_/b'] }), ['spec.tls[0].match[0].sniHosts[0]']],
  [
    'a subnet that is none',
    tcp({ destinationSubnets: ['10.0.0.0/33'] }),
    ['spec.tcp[0].match[0].destinationSubnets[0]'],
  ],
  ['a gateway that is none', tcp({ gateways: ['/'] }), ['spec.tcp[0].match[0].gateways[0]']],
  ['weights of nothing', { hosts: ['web'], tcp: [{ route: [...route, ...route] }] }, ['spec.tcp[0].route']],
  ['* for sidecars', { hosts: ['*'], http }, ['spec.hosts[0]']],
  ['a host twice', { hosts: ['web', 'WEB'], http }, ['spec.hosts[1]']],
  ['a host below another', { hosts: ['a.example.com', '*.example.com'], http }, ['spec.hosts[1]']],
  ['an export to nobody', { hosts: ['web'], exportTo: ['~'], http }, ['spec.exportTo']],
  ['an export to all and some', { hosts: ['web'], exportTo: ['*', 'a'], http }, ['spec.exportTo[0]']],
  ['a delegate with gateways', { gateways: ['edge'], http }, ['spec.gateways']],
  ['a delegate with TCP', { http, tcp: [{ route }] }, ['spec.tcp']],
  ['a delegate of a delegate', { http: [{ delegate: { name: 'x' } }] }, ['spec.http[0].delegate']],
])('refuses %s', (_name, spec, paths) => {
  expect(mistakes(spec)).toEqual(paths);
});
