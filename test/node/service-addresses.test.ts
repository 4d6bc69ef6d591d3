import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import { Service } from '#api/kinds/service.ts';
import { gatewayOf, numberToAddress, parseCidr } from '#api/mesh/addresses.ts';
import { applyServiceRules } from '#node-runtime/network/host-network.ts';
import { eventually, startTestNode, type TestNode, type TestPod } from './node-fixture.ts';
import { callFrom, callFromHost, serve } from './traffic.ts';

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode();
});
afterAll(() => node?.close());

describe('a service address', () => {
  let client: TestPod;
  let clientId: string;
  let pods: TestPod[];
  let vip: string;
  const service = (ports: object[]) =>
    Service.schema.parse({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: { clusterIP: vip, ports },
    });
  const slice = (addresses: readonly string[], ports: object[]) =>
    EndpointSlice.schema.parse({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
      ports,
    });
  beforeAll(async () => {
    vip = numberToAddress(parseCidr(node.config.serviceCidr).first + 10);
    [client, ...pods] = (await Promise.all([node.pod(), node.pod(), node.pod()])) as [
      TestPod,
      TestPod,
      TestPod,
    ];
    clientId = await serve(client, 'client', [8080]);
    await Promise.all(pods.map((pod, i) => serve(pod, `web-${i}`, [8080])));
  });
  const apply = (addresses: readonly string[]) =>
    applyServiceRules(
      node.config,
      [service([{ port: 80, targetPort: 8080 }])],
      [slice(addresses, [{ port: 8080 }])],
      [],
    );

  test('leads to each ready endpoint, from the host and from pods', async () => {
    await apply(pods.map((pod) => pod.ip));
    const seen = { host: new Set<string>(), pod: new Set<string>() };
    await eventually(async () => {
      seen.host.add(await callFromHost(vip, 80));
      return seen.host.size === 2 || undefined;
    });
    await eventually(async () => {
      seen.pod.add(await callFrom(node, clientId, vip, 80));
      return seen.pod.size === 2 || undefined;
    });
    const gateway = gatewayOf(node.config);
    expect([...seen.host].toSorted()).toEqual([`web-0:8080<-${gateway}`, `web-1:8080<-${gateway}`]);
    expect([...seen.pod].toSorted()).toEqual([`web-0:8080<-${client.ip}`, `web-1:8080<-${client.ip}`]);
  });

  test('leads a pod back to itself', async () => {
    await apply([client.ip]);
    expect(await callFrom(node, clientId, vip, 80)).toBe(`client:8080<-${gatewayOf(node.config)}`);
  });

  test('refuses at once when nobody is ready, and for a port that it does not have', async () => {
    await apply([]);
    expect(await callFromHost(vip, 80)).toBe('ECONNREFUSED');
    expect(await callFrom(node, clientId, vip, 80)).toBe('ECONNREFUSED');
    await apply([client.ip]);
    expect(await callFromHost(vip, 81)).toBe('ECONNREFUSED');
  });

  test('carries datagrams', async () => {
    const udp = [{ port: 53, targetPort: 9999, protocol: 'UDP' }];
    await applyServiceRules(
      node.config,
      [service(udp)],
      [slice([client.ip], [{ port: 9999, protocol: 'UDP' }])],
      [],
    );
    const socket = createSocket('udp4');
    socket.send('hello', 53, vip, () => socket.close());
    await eventually(async () => (await client.logOf(clientId)).includes('datagram hello') || undefined);
  });

  test('keeps a connection under way while the rules change', async () => {
    const echo = `require('net').createServer((s) => s.pipe(s)).listen(8081, '0.0.0.0', () => console.log('echoing'));`;
    const id = await client.start(['node', '-e', echo]);
    await eventually(async () => (await client.logOf(id)).includes('echoing') || undefined);
    const echoed = [service([{ port: 81, targetPort: 8081 }])];
    await applyServiceRules(node.config, echoed, [slice([client.ip], [{ port: 8081 }])], []);
    const socket = connect(81, vip);
    await once(socket, 'connect');
    for (let round = 0; round < 3; round += 1) {
      await apply([]);
      socket.write(`round ${round}`);
      expect(String((await once(socket, 'data'))[0])).toBe(`round ${round}`);
    }
    socket.destroy();
  });
});
