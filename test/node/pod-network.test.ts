import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gatewayOf, numberToAddress, parseCidr } from '#api/mesh/addresses.ts';
import { PROBE_SOURCE } from '#api/mesh/ports.ts';
import { must } from '#node-runtime/host/command.ts';
import { eventually, execute, startTestNode, type TestNode, type TestPod } from './node-fixture.ts';
import { callFrom, callFromHost, serve } from './traffic.ts';

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode();
});
afterAll(() => node?.close());

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
    expect(await callFrom(node, client, second.ip, 8080)).toBe(`second:8080<-${first.ip}`);
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
    expect(await callFrom(node, client, gateway, port)).toMatch(/EHOSTUNREACH|EACCES|ECONNREFUSED/);
    expect(await callFrom(node, client, gateway, 53)).toBe('dns');
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
