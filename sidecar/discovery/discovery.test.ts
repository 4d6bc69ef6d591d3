import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '#api/foundation/clock.ts';
import { silentLogger } from '#api/foundation/logger.ts';
import { seededRandom } from '#api/foundation/random.ts';
import type { Watchable } from '#api/foundation/watchable.ts';
import { SidecarConfig } from '#api/mesh/sidecar-config.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import { type Discovery, startDiscovery } from './discovery.ts';
import { grpcTransport } from './grpc-transport.ts';
import { nodeOf } from './node.ts';
import { TestAdsServer } from './test-ads-server.ts';
import { allTo, assignment, cluster, httpListener, routes } from './test-resources.ts';

let server: TestAdsServer;
let port: number;
let discovery: Discovery;

beforeEach(async () => {
  server = new TestAdsServer();
  port = await server.start();
  const config = SidecarConfig.parse({
    pod: 'web-1',
    namespace: 'shop',
    podIp: '10.244.0.7',
    workload: 'web',
    labels: { app: 'web' },
    discoveryAddress: `127.0.0.1:${port}`,
  });
  discovery = startDiscovery({
    transport: grpcTransport(config.discoveryAddress),
    node: nodeOf(config),
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
  });
});

afterEach(() => {
  discovery.close();
  server.stop();
});

function becomes<T>(watchable: Watchable<T>, wanted: (value: T) => boolean): Promise<T> {
  return new Promise((resolve) => {
    const stop = watchable.watch((value) => {
      if (!wanted(value)) return;
      resolve(value);
      queueMicrotask(() => stop());
    });
  });
}

async function configure(): Promise<void> {
  await server.subscription(LISTENER_TYPE, '*');
  server.send(CLUSTER_TYPE, [cluster('a')]);
  await server.subscription(ENDPOINT_TYPE, 'a');
  server.send(ENDPOINT_TYPE, [assignment('a', ['10.0.0.1:80'])]);
  server.send(LISTENER_TYPE, [httpListener(80)]);
  await server.subscription(ROUTE_TYPE, '80');
  server.send(ROUTE_TYPE, [routes('80', [allTo('a')])]);
  await becomes(discovery.ready, Boolean);
}

function whereTo(): string | undefined {
  const target = discovery.snapshot.value.outbound('10.1.1.1', 80);
  const table = target.state === 'found' ? target.value.plain?.routes() : undefined;
  if (table?.state !== 'found') return undefined;
  const decision = table.value.select({
    method: 'GET',
    path: '/',
    rooted: true,
    authority: 'a',
    scheme: 'http',
    header: () => undefined,
  });
  return decision.kind === 'forward'
    ? decision.cluster.pick({ excluded: [], original: { address: '10.9.9.9', port: 9 }, hash: undefined })
        ?.key
    : decision.kind;
}

test('says who it is, subscribes by what it is told, and runs it', async () => {
  const first = await server.subscription(CLUSTER_TYPE, '*');
  expect(first.node?.id).toBe('sidecar~10.244.0.7~web-1.shop~shop.svc.cluster.local');
  expect(first.node?.metadata).toMatchObject({ NAMESPACE: 'shop', LABELS: { app: 'web' } });
  await configure();
  expect(whereTo()).toBe('10.0.0.1:80');
});

test('acknowledges what it runs and refuses with every reason what it cannot, keeping the last good', async () => {
  await configure();
  const good = await server.answerTo(server.send(CLUSTER_TYPE, [cluster('b')]));
  expect(good.errorDetail).toBeUndefined();
  const bad = [
    {
      name: 'all',
      domains: ['*'],
      routes: [{ match: { safe_regex: { regex: '(' } }, route: { cluster: 'a' } }],
    },
    { name: 'cors', domains: ['c'], cors: {} },
  ];
  const refused = await server.answerTo(server.send(ROUTE_TYPE, [routes('80', bad, '2')]));
  expect(refused.errorDetail?.message.split('\n')).toEqual([
    expect.stringMatching(/^80: virtual_hosts\[0\]\.routes\[0\]\.match\.safe_regex: .*missing closing \)/),
    '80: virtual_hosts[1].cors: not supported',
  ]);
  expect(whereTo()).toBe('10.0.0.1:80');
});

test('goes on when the control plane is lost, and tells it what it runs when it is back', async () => {
  await configure();
  server.stop();
  await becomes(discovery.connected, (connected) => !connected);
  expect(discovery.ready.value).toBe(true);
  expect(whereTo()).toBe('10.0.0.1:80');

  server.requests.length = 0;
  await server.start(port);
  const clusters = await server.subscription(CLUSTER_TYPE, '*');
  const endpoints = await server.subscription(ENDPOINT_TYPE, 'a');
  expect(clusters.initialResourceVersions).toEqual({ a: '1' });
  expect(endpoints.initialResourceVersions).toEqual({ a: '1' });
  expect(clusters.node?.id).toContain('web-1.shop');

  await server.answerTo(server.send(ENDPOINT_TYPE, [assignment('a', ['10.0.0.2:80'], '2')]));
  expect(whereTo()).toBe('10.0.0.2:80');
});

test('refuses a response of a type that it did not ask for', async () => {
  await server.subscription(CLUSTER_TYPE, '*');
  const answer = await server.answerTo(server.send('type.googleapis.com/x.Y' as never, []));
  expect(answer.errorDetail?.message).toBe('type.googleapis.com/x.Y was not asked for');
});
