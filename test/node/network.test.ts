import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import { Service } from '#api/kinds/service.ts';
import { PROBE_SOURCE } from '#api/mesh/ports.ts';
import { must } from '#node-runtime/host/command.ts';
import { gatewayOf, numberToAddress, parseCidr } from '#node-runtime/network/addresses.ts';
import { applyServiceRules } from '#node-runtime/network/host-network.ts';
import { eventually, execute, startTestNode, type TestNode, type TestPod } from './node-fixture.ts';

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode();
});
afterAll(() => node?.close());

/** Answers every connection on the given ports with NAME:PORT<-CLIENT, and every datagram by printing it. */
const SERVER = `
const [name, ...ports] = process.argv.slice(1);
for (const port of ports) require('net').createServer((socket) => {
  socket.on('error', () => {}).end(name + ':' + socket.localPort + '<-' + socket.remoteAddress.replace('::ffff:', ''));
}).listen(+port, '0.0.0.0', () => console.log('listening ' + port));
require('dgram').createSocket('udp4').on('message', (m, from) => console.log('datagram ' + m + ' from ' + from.address)).on('error', () => {}).bind(9999);
`;
/** Prints what a server answers, or the error code. */
const CLIENT = `
const [host, port, from] = process.argv.slice(1);
const socket = require('net').connect({ host, port: +port, ...(from && { localAddress: from }), timeout: 2000 });
socket.on('data', (d) => process.stdout.write(d)).on('timeout', () => { console.log('TIMEOUT'); process.exit(); });
socket.on('error', (e) => console.log(e.code));
`;

async function serve(pod: TestPod, name: string, ports: readonly number[], uid = 1000): Promise<string> {
  const id = await pod.start(['node', '-e', SERVER, name, ...ports.map(String)], { uid, gid: uid });
  await eventually(async () => {
    const log = await pod.logOf(id);
    return ports.every((port) => log.includes(`listening ${port}\n`)) || undefined;
  });
  return id;
}

/** What a client inside a container gets. */
async function callFrom(
  id: string,
  host: string,
  port: number,
  options: { uid?: number; from?: string } = {},
) {
  const argv = ['node', '-e', CLIENT, host, String(port), options.from ?? ''];
  const { output } = await execute(node.containers, id, argv, { uid: options.uid ?? 1000 });
  return output.trim();
}

/** What a client on the host gets. */
function callFromHost(host: string, port: number, localAddress?: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port,
      timeout: 2_000,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    socket.on('timeout', () => socket.destroy() && resolve('TIMEOUT'));
    socket.on('end', () => resolve(text));
  });
}

describe('a pod with a redirect', () => {
  let pod: TestPod;
  let plain: TestPod;
  let app: string;
  let proxy: string;
  let other: string;
  beforeAll(async () => {
    [pod, plain] = await Promise.all([
      node.pod({
        redirect: {
          excludeOutboundPorts: [7001],
          excludeOutboundCidrs: ['192.0.2.128/25'],
          excludeInboundPorts: [7002],
        },
      }),
      node.pod(),
    ]);
    [app, proxy, other] = await Promise.all([
      serve(pod, 'app', [8080, 7002]),
      serve(pod, 'proxy', [15001, 15006, 15020, 15021], 1337),
      serve(plain, 'other', [8080, 7001]),
    ]);
  });

  test('has its outgoing TCP taken by the sidecar, wherever it goes', async () => {
    expect(await callFrom(app, plain.ip, 8080)).toMatch(/^proxy:15001<-/);
    expect(await callFrom(app, '203.0.113.9', 443)).toMatch(/^proxy:15001<-/);
  });

  test('has it taken from its very first instruction', async () => {
    const { output } = await pod.run(['node', '-e', CLIENT, plain.ip, '8080']);
    expect(output).toMatch(/^proxy:15001<-/);
  });

  test('has its outgoing TCP taken whoever it runs as', async () => {
    expect(await callFrom(app, plain.ip, 8080, { uid: 0 })).toMatch(/^proxy:15001<-/);
  });

  test('leaves alone what was excluded, and loopback', async () => {
    expect(await callFrom(app, plain.ip, 7001)).toBe(`other:7001<-${pod.ip}`);
    expect(await callFrom(app, '127.0.0.1', 8080)).toBe('app:8080<-127.0.0.1');
  });

  test('lets the sidecar out, from the pod’s own address', async () => {
    expect(await callFrom(proxy, plain.ip, 8080, { uid: 1337 })).toBe(`other:8080<-${pod.ip}`);
  });

  test('lets the sidecar reach the app from the marker address only', async () => {
    expect(await callFrom(proxy, pod.ip, 8080, { uid: 1337, from: '127.0.0.6' })).toBe('app:8080<-127.0.0.6');
    expect(await callFrom(proxy, '127.0.0.1', 8080, { uid: 1337 })).toBe('app:8080<-127.0.0.1');
  });

  test('that calls its own address passes its own inbound side', async () => {
    expect(await callFrom(proxy, pod.ip, 8080, { uid: 1337 })).toMatch(/^proxy:15006<-/);
  });

  test('has its incoming TCP taken, from pods and from the host', async () => {
    expect(await callFrom(other, pod.ip, 8080)).toBe(`proxy:15006<-${plain.ip}`);
    expect(await callFromHost(pod.ip, 8080)).toBe(`proxy:15006<-${gatewayOf(node.config)}`);
  });

  test('answers the node’s probes itself', async () => {
    expect(await callFromHost(pod.ip, 8080, PROBE_SOURCE)).toBe(`app:8080<-${PROBE_SOURCE}`);
  });

  test('shows the sidecar’s public ports, and excluded ones, as they are', async () => {
    expect(await callFrom(other, pod.ip, 15021)).toBe(`proxy:15021<-${plain.ip}`);
    expect(await callFrom(other, pod.ip, 15020)).toBe(`proxy:15020<-${plain.ip}`);
    expect(await callFrom(other, pod.ip, 7002)).toBe(`app:7002<-${plain.ip}`);
  });

  test.each([15001, 15006])('lets nobody from outside speak to port %i itself', async (port) => {
    expect(await callFrom(other, pod.ip, port)).toBe('TIMEOUT');
  });

  test('has no IPv6 but on its loopback', async () => {
    const { output } = await execute(node.containers, app, ['ip', '-6', 'addr', 'show', 'dev', 'eth0']);
    expect(output).toBe('');
  });
});

describe('the way between pods and the host', () => {
  let first: TestPod;
  let second: TestPod;
  let client: string;
  let server: string;
  beforeAll(async () => {
    [first, second] = await Promise.all([node.pod(), node.pod()]);
    [client, server] = await Promise.all([serve(first, 'first', [8080]), serve(second, 'second', [8080])]);
  });

  test('pods see each other’s own addresses', async () => {
    expect(await callFrom(client, second.ip, 8080)).toBe(`second:8080<-${first.ip}`);
  });

  test('unprivileged programs may listen on low ports', async () => {
    await serve(await node.pod(), 'low', [80]);
  });

  test('names the pod as its host', async () => {
    expect((await execute(node.containers, client, ['hostname'])).output).toMatch(/^pod-\d+\n$/);
  });

  test('a pod reaches nothing that listens on the host but DNS', async () => {
    const gateway = gatewayOf(node.config);
    const listening = createServer((socket) => void socket.end('host')).listen(0, '0.0.0.0');
    const dns = createServer((socket) => void socket.end('dns')).listen(53, gateway);
    await Promise.all([once(listening, 'listening'), once(dns, 'listening')]);
    const { port } = listening.address() as { port: number };
    expect(await callFromHost(gateway, port)).toBe('host');
    expect(await callFrom(client, gateway, port)).toMatch(/EHOSTUNREACH|EACCES|ECONNREFUSED/);
    expect(await callFrom(client, gateway, 53)).toBe('dns');
    listening.close();
    dns.close();
  });

  test.each([
    ['another pod', () => second.ip],
    ['an address of nobody', () => numberToAddress(parseCidr(node.config.podCidr).first + 60)],
    ['the node’s probes', () => PROBE_SOURCE],
    ['the gateway', () => gatewayOf(node.config)],
  ])('what a pod sends in the name of %s is dropped', async (_, address) => {
    const liar = await node.pod();
    await must('ip', ['-n', liar.sandbox, 'addr', 'add', `${address()}/32`, 'dev', 'lo']);
    const send = `const s = require('dgram').createSocket('udp4'); s.bind(0, process.argv[1], () => s.send('lie', 9999, process.argv[2], () => s.close()));`;
    const honest = `const s = require('dgram').createSocket('udp4'); s.send('truth', 9999, process.argv[1], () => s.close());`;
    expect((await liar.run(['node', '-e', send, address(), first.ip])).code).toBe(0);
    await liar.run(['node', '-e', honest, first.ip]);
    const log = await eventually(async () => {
      const text = await first.logOf(client);
      return text.includes(`datagram truth from ${liar.ip}`) ? text : undefined;
    });
    expect(log).not.toContain('datagram lie');
  });

  test('neither end of a pod’s link speaks IPv6, nor does the bridge', async () => {
    const addresses = await must('ip', ['-6', '-oneline', 'addr', 'show']);
    expect(addresses).not.toContain(`${node.config.id}-`);
    expect(await must('ip', ['-n', first.sandbox, '-6', '-oneline', 'addr', 'show'])).not.toContain('eth0');
  });

  test('is known to ip netns by its name', async () => {
    expect(await must('ip', ['netns', 'list'])).toContain(first.sandbox);
  });

  test('a pod’s link takes no address of another host by ARP', async () => {
    const neighbours = await must('ip', ['neigh', 'show', second.ip]);
    expect(neighbours).toContain('PERMANENT');
  });

  test('the server’s pod stays as it was', async () => {
    expect((await node.containers.view(server)).state).toBe('running');
  });
});

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
    );

  test('leads to each ready endpoint, from the host and from pods', async () => {
    await apply(pods.map((pod) => pod.ip));
    const seen = { host: new Set<string>(), pod: new Set<string>() };
    await eventually(async () => {
      seen.host.add(await callFromHost(vip, 80));
      return seen.host.size === 2 || undefined;
    });
    await eventually(async () => {
      seen.pod.add(await callFrom(clientId, vip, 80));
      return seen.pod.size === 2 || undefined;
    });
    const gateway = gatewayOf(node.config);
    expect([...seen.host].toSorted()).toEqual([`web-0:8080<-${gateway}`, `web-1:8080<-${gateway}`]);
    expect([...seen.pod].toSorted()).toEqual([`web-0:8080<-${client.ip}`, `web-1:8080<-${client.ip}`]);
  });

  test('leads a pod back to itself', async () => {
    await apply([client.ip]);
    expect(await callFrom(clientId, vip, 80)).toBe(`client:8080<-${gatewayOf(node.config)}`);
  });

  test('refuses at once when nobody is ready, and for a port that it does not have', async () => {
    await apply([]);
    expect(await callFromHost(vip, 80)).toBe('ECONNREFUSED');
    expect(await callFrom(clientId, vip, 80)).toBe('ECONNREFUSED');
    await apply([client.ip]);
    expect(await callFromHost(vip, 81)).toBe('ECONNREFUSED');
  });

  test('carries datagrams', async () => {
    const udp = [{ port: 53, targetPort: 9999, protocol: 'UDP' }];
    await applyServiceRules(
      node.config,
      [service(udp)],
      [slice([client.ip], [{ port: 9999, protocol: 'UDP' }])],
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
    await applyServiceRules(node.config, echoed, [slice([client.ip], [{ port: 8081 }])]);
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
