import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import type { JsonObject } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import { startLoneSidecar } from '#test/support/lone-sidecar.ts';
import { TestAdsServer } from './discovery/test-ads-server.ts';
import {
  allTo,
  assignment,
  cluster,
  httpManager,
  listener,
  routes,
  socketAddress,
  TLS_INSPECTOR,
} from './discovery/test-resources.ts';
import { Authority, type Certificate } from './security/testing/certificates.ts';
import type { Sidecar } from './sidecar.ts';

/** A sidecar as a gateway runs it: nothing is redirected to it, it listens by itself. */
let control: TestAdsServer;
let app: Server;
let sidecar: Sidecar;
let authority: Authority;

beforeEach(async () => {
  authority = await Authority.create('test authority');
  control = new TestAdsServer();
  app = createServer(({ headers }, response) => response.end(JSON.stringify(headers)));
  app.listen(0, '127.0.0.1');
  const [port] = await Promise.all([control.start(), once(app, 'listening')]);
  sidecar = await startLoneSidecar({
    discoveryPort: port,
    config: { pod: 'gateway-1', namespace: 'mesh', workload: 'gateway' },
    originalDestination: { read: () => undefined },
  });
});

afterEach(async () => {
  await sidecar.close();
  control.stop();
  app.closeAllConnections();
  app.close();
});

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function httpsChain(host: string, { chain, key }: Certificate, routeName: string): JsonObject {
  const context = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext';
  return {
    filter_chain_match: { server_names: [host], transport_protocol: 'tls' },
    transport_socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: {
        '@type': context,
        common_tls_context: {
          alpn_protocols: ['http/1.1'],
          tls_certificates: [
            { certificate_chain: { inline_string: chain }, private_key: { inline_string: key } },
          ],
        },
      },
    },
    filters: [
      httpManager({
        use_remote_address: true,
        rds: { config_source: { ads: {} }, route_config_name: routeName },
      }),
    ],
  };
}

function call(port: number, host: string): Promise<{ status: number; headers: Record<string, string> }> {
  return new Promise((resolve, reject) => {
    const { certificate: ca } = authority;
    const options = { host: '127.0.0.1', port, servername: host, ca, headers: { host }, agent: false };
    request(options, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: JSON.parse(body) }));
    })
      .on('error', reject)
      .end();
  });
}

test('ends TLS by server name, each with its certificate, and tells on where requests come from', async () => {
  const port = await freePort();
  const [a, b] = await Promise.all(['a.test', 'b.test'].map((name) => authority.issue({ dns: [name] })));
  await control.subscription(LISTENER_TYPE, '*');
  control.send(CLUSTER_TYPE, [cluster('web')]);
  await control.subscription(ENDPOINT_TYPE, 'web');
  control.send(ENDPOINT_TYPE, [assignment('web', [`127.0.0.1:${(app.address() as AddressInfo).port}`])]);
  const gateway = listener(`127.0.0.1_${port}`, {
    address: socketAddress('127.0.0.1', port),
    traffic_direction: 'OUTBOUND',
    listener_filters: [TLS_INSPECTOR],
    filter_chains: [httpsChain('a.test', a!, 'https'), httpsChain('*.test', b!, 'https')],
  });
  control.send(LISTENER_TYPE, [gateway]);
  await control.subscription(ROUTE_TYPE, 'https');
  const answer = await control.answerTo(control.send(ROUTE_TYPE, [routes('https', [allTo('web')])]));
  expect(answer.errorDetail).toBeUndefined();
  await expect
    .poll(() =>
      call(port, 'a.test').then(
        ({ status }) => status,
        () => 0,
      ),
    )
    .toBe(200);
  for (const host of ['a.test', 'b.test']) {
    expect((await call(port, host)).headers).toMatchObject({
      host,
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '127.0.0.1',
    });
  }
  await expect(call(port, 'c.test')).rejects.toThrow(/altnames/);
  await expect(call(port, 'test.example')).rejects.toThrow();
  await control.answerTo(control.send(LISTENER_TYPE, [], [`127.0.0.1_${port}`]));
  await expect.poll(() => call(port, 'a.test').catch(({ code }) => code)).toBe('ECONNREFUSED');
});
