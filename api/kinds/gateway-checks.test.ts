import { expect, test } from 'vitest';
import { Gateway } from './gateway.ts';
import { validate } from './validate.ts';

const http = { number: 80, protocol: 'HTTP', name: 'http' };
const https = { number: 443, protocol: 'HTTPS', name: 'https' };
const tcp = { number: 9000, protocol: 'TCP', name: 'tcp' };
const server = (port: object, more: object = {}) => ({ port, hosts: ['*'], ...more });

function mistakes(...servers: object[]): string[] {
  const verdict = validate(Gateway, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: 'edge', namespace: 'default' },
    spec: { servers },
  });
  return verdict.ok ? [] : verdict.mistakes.map(({ path }) => path.replace('spec.servers[0].', ''));
}

test.each([
  ['plain HTTP', server(http)],
  ['a redirect to https', server(http, { tls: { httpsRedirect: true } })],
  ['TLS with a Secret', server(https, { tls: { mode: 'SIMPLE', credentialName: 'x' } })],
  ['TLS with files', server(https, { tls: { mode: 'SIMPLE', serverCertificate: '/a', privateKey: '/b' } })],
  ['mutual TLS', server(https, { tls: { mode: 'MUTUAL', credentialName: 'x' } })],
  ['TLS that passes through', server(https, { tls: { mode: 'PASSTHROUGH' } })],
  ['hosts of namespaces', server(http, { hosts: ['./a.example.com', '*/*.b.example.com', 'ns/*'] })],
])('accepts %s', (_name, one) => {
  expect(mistakes(one)).toEqual([]);
});

test.each<[string, object[], string[]]>([
  ['a port name twice', [server(http), server({ ...http, number: 81 })], ['spec.servers[1].port.name']],
  ['a host that is none', [server(http, { hosts: ['a b'] })], ['hosts[0]']],
  ['a namespace that is none', [server(http, { hosts: ['A/b'] })], ['hosts[0]']],
  ['a bind that is no address', [server(http, { bind: 'here' })], ['bind']],
  ['HTTPS without TLS', [server(https)], ['tls']],
  [
    'HTTP with TLS',
    [server(http, { tls: { mode: 'SIMPLE', credentialName: 'x' } })],
    ['tls.mode', 'tls.credentialName'],
  ],
  ['a redirect of TCP', [server(tcp, { tls: { httpsRedirect: true } })], ['tls.httpsRedirect']],
  [
    'a redirect of HTTPS',
    [server(https, { tls: { httpsRedirect: true, mode: 'PASSTHROUGH' } })],
    ['tls.httpsRedirect'],
  ],
  [
    'no certificate',
    [server(https, { tls: { mode: 'SIMPLE' } })],
    ['tls.serverCertificate', 'tls.privateKey'],
  ],
  [
    'no authority',
    [server(https, { tls: { mode: 'MUTUAL', serverCertificate: '/a', privateKey: '/b' } })],
    ['tls.caCertificates'],
  ],
  [
    'two certificates',
    [server(https, { tls: { mode: 'SIMPLE', credentialName: 'x', serverCertificate: '/a' } })],
    ['tls.serverCertificate'],
  ],
  [
    'a certificate of nobody',
    [server(https, { tls: { mode: 'PASSTHROUGH', credentialName: 'x' } })],
    ['tls.credentialName'],
  ],
  [
    'names of clients',
    [server(https, { tls: { mode: 'MUTUAL', credentialName: 'x', subjectAltNames: ['a'] } })],
    ['tls.subjectAltNames'],
  ],
  [
    'versions upside down',
    [
      server(https, {
        tls: {
          mode: 'SIMPLE',
          credentialName: 'x',
          minProtocolVersion: 'TLSV1_3',
          maxProtocolVersion: 'TLSV1_2',
        },
      }),
    ],
    ['tls.maxProtocolVersion'],
  ],
  ...['minProtocolVersion', 'maxProtocolVersion'].map((field): [string, object[], string[]] => [
    `a broken version as ${field}`,
    [server(https, { tls: { mode: 'SIMPLE', credentialName: 'x', [field]: 'TLSV1_1' } })],
    [`tls.${field}`],
  ]),
  [
    'ciphers that proxies have not',
    [server(https, { tls: { mode: 'SIMPLE', credentialName: 'x', cipherSuites: ['AES128-SHA', '-ALL'] } })],
    ['tls.cipherSuites[1]'],
  ],
  ['ISTIO_MUTUAL', [server(https, { tls: { mode: 'ISTIO_MUTUAL' } })], ['tls.mode']],
  ['AUTO_PASSTHROUGH', [server(https, { tls: { mode: 'AUTO_PASSTHROUGH' } })], ['tls.mode']],
  [
    'OPTIONAL_MUTUAL',
    [server(https, { tls: { mode: 'OPTIONAL_MUTUAL', credentialName: 'x' } })],
    ['tls.mode'],
  ],
])('refuses %s', (_name, servers, paths) => {
  expect(mistakes(...servers)).toEqual(paths);
});
