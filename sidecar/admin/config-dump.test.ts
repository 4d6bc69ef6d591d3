import { expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { CLUSTER_TYPE, LISTENER_TYPE } from '#api/xds/resource-types.ts';
import { Configuration } from '#sidecar/discovery/configuration.ts';
import { cluster, listener, socketAddress, tcpProxy } from '#sidecar/discovery/test-resources.ts';
import { Authority } from '#sidecar/security/testing/certificates.ts';
import { configDump } from './config-dump.ts';

test('tells certificates, and no keys', async () => {
  const authority = await Authority.create('test authority');
  const { chain, key } = await authority.issue({ dns: ['a.test'] });
  const tls = (kind: string) => ({
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': `type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.${kind}TlsContext`,
      common_tls_context: {
        tls_certificates: [
          { certificate_chain: { inline_string: chain }, private_key: { inline_string: key } },
        ],
      },
    },
  });
  const configuration = new Configuration(new ManualClock(), seededRandom(1), {
    readFile: () => '',
    resolver: { resolve: () => Promise.resolve([]) },
    changed() {},
  });
  const gateway = listener('0.0.0.0_443', {
    address: socketAddress('0.0.0.0', 443),
    filter_chains: [{ transport_socket: tls('Downstream'), filters: [tcpProxy('c')] }],
  });
  const upstream = cluster('c', { transport_socket: tls('Upstream') });
  for (const [type, resource] of [
    [LISTENER_TYPE, gateway],
    [CLUSTER_TYPE, upstream],
  ] as const) {
    expect(configuration.apply({ type, resources: [resource], removed: [] })).toEqual([]);
  }
  const dump = JSON.stringify(configDump(configuration, 0));
  expect(dump.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(dump.match(/\[redacted\]/g)).toHaveLength(2);
  expect(dump).not.toContain('PRIVATE KEY');
});
