import { describe, expect, test } from 'vitest';
import { DestinationRule } from './destination-rule.ts';
import { validate } from './validate.ts';

const rule = (spec: object) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name: 'r' },
  spec: { host: 'reviews', ...spec },
});
const policy = (trafficPolicy: object) => rule({ trafficPolicy });
const balancer = (loadBalancer: object) => policy({ loadBalancer });
const locality = (localityLbSetting: object) => balancer({ localityLbSetting });
const tls = (settings: object) => policy({ tls: settings });

const paths = (manifest: object): string[] => {
  const verdict = validate(DestinationRule, manifest);
  return verdict.ok ? [] : verdict.mistakes.map(({ path }) => path);
};

describe('accepted', () => {
  test.each([
    ['a bare host', rule({})],
    ['a wildcard', rule({ host: '*.example.com' })],
    ['a hash of a header', balancer({ consistentHash: { httpHeaderName: 'x-user' } })],
    [
      'a hash of a cookie over a table',
      balancer({ consistentHash: { httpCookie: { name: 'u', ttl: '0s' }, maglev: { tableSize: 65537 } } }),
    ],
    ['a distribution', locality({ distribute: [{ from: 'a/b/*', to: { 'a/b/*': 80, 'a/c/*': 20 } }] })],
    ['a failover', locality({ failover: [{ from: 'a', to: 'b' }] })],
    ['ranking by labels', locality({ failoverPriority: ['topology.istio.io/network', 'version=v1'] })],
    ['a warm-up', balancer({ simple: 'ROUND_ROBIN', warmup: { duration: '30s' } })],
    ['TLS with the system trust', tls({ mode: 'SIMPLE' })],
    ['TLS with a Secret', tls({ mode: 'MUTUAL', credentialName: 'client' })],
    [
      'TLS with files',
      tls({ mode: 'MUTUAL', clientCertificate: '/c.pem', privateKey: '/k.pem', caCertificates: '/ca.pem' }),
    ],
    ['a retry budget', policy({ retryBudget: { percent: 10, minRetryConcurrency: 5 } })],
    [
      'two ports',
      policy({
        portLevelSettings: [{ port: { number: 80 } }, { port: { number: 81 }, tls: { mode: 'DISABLE' } }],
      }),
    ],
    ['exports', rule({ exportTo: ['.', 'other'] })],
  ])('%s', (_name, manifest) => expect(paths(manifest)).toEqual([]));
});

describe('refused, each mistake with its place', () => {
  const at = 'spec.trafficPolicy';
  const lb = `${at}.loadBalancer`;
  test.each<[string, object, string[]]>([
    ['a host that is no name', rule({ host: 'a_b..c' }), ['spec.host']],
    ['a lone *', rule({ host: '*' }), ['spec.host']],
    ['two balancers', balancer({ simple: 'RANDOM', consistentHash: { useSourceIp: true } }), [lb]],
    ['a hash of nothing', balancer({ consistentHash: {} }), [`${lb}.consistentHash`]],
    [
      'a source address that is not used',
      balancer({ consistentHash: { useSourceIp: false } }),
      [`${lb}.consistentHash`],
    ],
    [
      'a hash of two things',
      balancer({ consistentHash: { useSourceIp: true, httpHeaderName: 'a' } }),
      [`${lb}.consistentHash`],
    ],
    [
      'a header that is none',
      balancer({ consistentHash: { httpHeaderName: 'a b' } }),
      [`${lb}.consistentHash.httpHeaderName`],
    ],
    [
      'a cookie that would end a line',
      balancer({ consistentHash: { httpCookie: { name: 'a;', path: '/\r\n', ttl: '0s' } } }),
      [`${lb}.consistentHash.httpCookie.name`, `${lb}.consistentHash.httpCookie.path`],
    ],
    [
      'ring and table',
      balancer({ consistentHash: { useSourceIp: true, ringHash: {}, maglev: {} } }),
      [`${lb}.consistentHash`],
    ],
    [
      'a ring said twice',
      balancer({ consistentHash: { useSourceIp: true, ringHash: {}, minimumRingSize: 9 } }),
      [`${lb}.consistentHash.minimumRingSize`],
    ],
    [
      'a ring that is too large',
      balancer({ consistentHash: { useSourceIp: true, ringHash: { minimumRingSize: 8388609 } } }),
      [`${lb}.consistentHash`],
    ],
    [
      'a timer that cannot be set',
      policy({ connectionPool: { tcp: { connectTimeout: '577h' } } }),
      ['spec.trafficPolicy.connectionPool.tcp.connectTimeout'],
    ],
    [
      'a time that is too short to be told from none',
      policy({ connectionPool: { tcp: { idleTimeout: '10us' } } }),
      ['spec.trafficPolicy.connectionPool.tcp.idleTimeout'],
    ],
    [
      'a table that is no prime',
      balancer({ consistentHash: { useSourceIp: true, maglev: { tableSize: 65536 } } }),
      [`${lb}.consistentHash.maglev.tableSize`],
    ],
    [
      'distribute and failover',
      locality({ distribute: [{ from: 'a', to: { a: 100 } }], failover: [{ from: 'a', to: 'b' }] }),
      [`${lb}.localityLbSetting`],
    ],
    [
      'failover and failoverPriority',
      locality({ failover: [{ from: 'a', to: 'b' }], failoverPriority: ['version'] }),
      [`${lb}.localityLbSetting`],
    ],
    [
      'shares that do not add up',
      locality({ distribute: [{ from: 'a', to: { a: 60, b: 30 } }] }),
      [`${lb}.localityLbSetting.distribute[0].to`],
    ],
    [
      'a share of 0',
      locality({ distribute: [{ from: 'a', to: { a: 100, b: 0 } }] }),
      [`${lb}.localityLbSetting.distribute[0].to[b]`],
    ],
    [
      'a locality with * in the middle',
      locality({ distribute: [{ from: 'a/*/c', to: { 'a//c': 100 } }] }),
      [`${lb}.localityLbSetting.distribute[0].from`, `${lb}.localityLbSetting.distribute[0].to[a//c]`],
    ],
    [
      'a failover to itself',
      locality({ failover: [{ from: 'a', to: 'a' }] }),
      [`${lb}.localityLbSetting.failover[0].to`],
    ],
    [
      'a failover between zones',
      locality({ failover: [{ from: 'a/z', to: 'b' }] }),
      [`${lb}.localityLbSetting.failover[0].from`],
    ],
    [
      'two forms of warm-up',
      balancer({ warmup: { duration: '1s' }, warmupDurationSecs: '1s' }),
      [`${lb}.warmupDurationSecs`],
    ],
    ['a warm-up of chance', balancer({ simple: 'RANDOM', warmup: { duration: '1s' } }), [`${lb}.warmup`]],
    ['an empty pool', policy({ connectionPool: {} }), [`${at}.connectionPool`]],
    [
      'gateway errors by both names',
      policy({ outlierDetection: { consecutiveErrors: 3, consecutiveGatewayErrors: 3 } }),
      [`${at}.outlierDetection.consecutiveErrors`],
    ],
    [
      'local-origin failures that are not split',
      policy({ outlierDetection: { consecutiveLocalOriginFailures: 3 } }),
      [`${at}.outlierDetection.consecutiveLocalOriginFailures`],
    ],
    ['identities of workloads', tls({ mode: 'ISTIO_MUTUAL' }), [`${at}.tls.mode`]],
    [
      'MUTUAL without a certificate',
      tls({ mode: 'MUTUAL' }),
      [`${at}.tls.clientCertificate`, `${at}.tls.privateKey`],
    ],
    [
      'a Secret and a file',
      tls({ mode: 'SIMPLE', credentialName: 's', caCertificates: '/ca.pem' }),
      [`${at}.tls.caCertificates`],
    ],
    [
      'a certificate that is not shown',
      tls({ mode: 'SIMPLE', clientCertificate: '/c' }),
      [`${at}.tls.clientCertificate`],
    ],
    ['a relative path', tls({ mode: 'SIMPLE', caCertificates: 'ca.pem' }), [`${at}.tls.caCertificates`]],
    [
      'names that nobody verifies',
      tls({ mode: 'SIMPLE', insecureSkipVerify: true, subjectAltNames: ['a'] }),
      [`${at}.tls.subjectAltNames`],
    ],
    [
      'a port twice',
      policy({ portLevelSettings: [{ port: { number: 80 } }, { port: { number: 80 } }] }),
      [`${at}.portLevelSettings[1].port.number`],
    ],
    [
      "a mistake in a subset's port",
      rule({
        subsets: [
          {
            name: 'v1',
            trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'ISTIO_MUTUAL' } }] },
          },
        ],
      }),
      ['spec.subsets[0].trafficPolicy.portLevelSettings[0].tls.mode'],
    ],
    ['a subset twice', rule({ subsets: [{ name: 'v1' }, { name: 'v1' }] }), ['spec.subsets[1].name']],
    ['* among others', rule({ exportTo: ['*', '.'] }), ['spec.exportTo[0]']],
    ['a namespace that can be none', rule({ exportTo: ['A b'] }), ['spec.exportTo[0]']],
  ])('%s', (_name, manifest, expected) => expect(paths(manifest)).toEqual(expected));
});
