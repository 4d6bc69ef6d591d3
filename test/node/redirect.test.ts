import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gatewayOf } from '#api/mesh/addresses.ts';
import { PROBE_SOURCE } from '#api/mesh/ports.ts';
import { execute, startTestNode, type TestNode, type TestPod } from './node-fixture.ts';
import { CLIENT, callFrom, callFromHost, serve } from './traffic.ts';

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode();
});
afterAll(() => node?.close());

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
    expect(await callFrom(node, app, plain.ip, 8080)).toMatch(/^proxy:15001<-/);
    expect(await callFrom(node, app, '203.0.113.9', 443)).toMatch(/^proxy:15001<-/);
  });

  test('has it taken from its very first instruction', async () => {
    const { output } = await pod.run(['node', '-e', CLIENT, plain.ip, '8080']);
    expect(output).toMatch(/^proxy:15001<-/);
  });

  test('has its outgoing TCP taken whoever it runs as', async () => {
    expect(await callFrom(node, app, plain.ip, 8080, { uid: 0 })).toMatch(/^proxy:15001<-/);
  });

  test('leaves alone what was excluded, and loopback', async () => {
    expect(await callFrom(node, app, plain.ip, 7001)).toBe(`other:7001<-${pod.ip}`);
    expect(await callFrom(node, app, '127.0.0.1', 8080)).toBe('app:8080<-127.0.0.1');
  });

  test('lets the sidecar out, from the pod’s own address', async () => {
    expect(await callFrom(node, proxy, plain.ip, 8080, { uid: 1337 })).toBe(`other:8080<-${pod.ip}`);
  });

  test('lets the sidecar reach the app from the marker address only', async () => {
    expect(await callFrom(node, proxy, pod.ip, 8080, { uid: 1337, from: '127.0.0.6' })).toBe(
      'app:8080<-127.0.0.6',
    );
    expect(await callFrom(node, proxy, '127.0.0.1', 8080, { uid: 1337 })).toBe('app:8080<-127.0.0.1');
  });

  test('that calls its own address passes its own inbound side', async () => {
    expect(await callFrom(node, proxy, pod.ip, 8080, { uid: 1337 })).toMatch(/^proxy:15006<-/);
  });

  test('has its incoming TCP taken, from pods and from the host', async () => {
    expect(await callFrom(node, other, pod.ip, 8080)).toBe(`proxy:15006<-${plain.ip}`);
    expect(await callFromHost(pod.ip, 8080)).toBe(`proxy:15006<-${gatewayOf(node.config)}`);
  });

  test('answers the node’s probes itself', async () => {
    expect(await callFromHost(pod.ip, 8080, PROBE_SOURCE)).toBe(`app:8080<-${PROBE_SOURCE}`);
  });

  test('shows the sidecar’s public ports, and excluded ones, as they are', async () => {
    expect(await callFrom(node, other, pod.ip, 15021)).toBe(`proxy:15021<-${plain.ip}`);
    expect(await callFrom(node, other, pod.ip, 15020)).toBe(`proxy:15020<-${plain.ip}`);
    expect(await callFrom(node, other, pod.ip, 7002)).toBe(`app:7002<-${plain.ip}`);
  });

  test.each([15001, 15006])('lets nobody from outside speak to port %i itself', async (port) => {
    expect(await callFrom(node, other, pod.ip, port)).toBe('TIMEOUT');
  });

  test('has no IPv6 but on its loopback', async () => {
    const { output } = await execute(node.containers, app, ['ip', '-6', 'addr', 'show', 'dev', 'eth0']);
    expect(output).toBe('');
  });
});
