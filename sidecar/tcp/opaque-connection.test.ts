import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { FakeCluster, FakeEndpoint, targetOf } from '#sidecar/http/testing/fakes.ts';
import { startRawServer, startSidecar } from '#sidecar/http/testing/sidecar-under-test.ts';
import { watched, watching } from '#sidecar/http/testing/watching.ts';
import { DEFAULT_LIMITS } from '#sidecar/upstream/circuit-breakers.ts';
import { DEFAULT_OPAQUE_POLICY } from './opaque-policy.ts';

describe('opaque connection', () => {
  test('passes bytes both ways and keeps a half-closed connection half-closed', async () => {
    await using app = await startRawServer();
    const endpoint = new FakeEndpoint(app.port);
    await using sidecar = await startSidecar(
      targetOf({ protocol: 'tcp', cluster: new FakeCluster(endpoint) }),
    );
    const client = sidecar.connect();
    client.send('ping');
    const server = await app.connection(0);
    await server.until((text) => text === 'ping');
    client.socket.end();
    await server.untilEnd();
    server.send('pong');
    server.socket.end();
    expect(await client.untilEnd()).toBe('pong');
    await expect.poll(() => sidecar.interception.connections()).toBe(0);
    expect(endpoint.outcomes).toEqual(['success']);
    expect(sidecar.telemetry.tcpSeen).toEqual([
      { service: 'app.test', opened: 1, flags: ['-'], sent: 4, received: 4 },
    ]);
  });

  test.each([
    ['idle', { ...DEFAULT_OPAQUE_POLICY, idleTimeoutMs: 60_000 }, 'SI'],
    ['old', { ...DEFAULT_OPAQUE_POLICY, maxDurationMs: 60_000 }, 'DT'],
  ] as const)('is closed when it is too %s', async (_, opaque, flag) => {
    const clock = new ManualClock();
    await using app = await startRawServer();
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    const target = { ...targetOf({ protocol: 'tcp', cluster }), opaque };
    await using sidecar = await startSidecar(target, 'outbound', clock);
    const client = sidecar.connect();
    const server = await app.connection(0);
    client.send('ping');
    await server.until((text) => text === 'ping');
    clock.advance(59_999);
    server.send('pong');
    await client.until((text) => text === 'pong');
    expect(client.ended).toBe(false);
    clock.advance(flag === 'DT' ? 1 : 60_000);
    await Promise.all([client.untilEnd(), server.untilEnd()]);
    client.socket.end();
    server.socket.end();
    await expect
      .poll(() => sidecar.telemetry.tcpSeen)
      .toMatchObject([{ flags: [flag], sent: 4, received: 4 }]);
    expect(cluster.breakers.connections.used).toBe(0);
  });

  test('is one too many for the circuit breaker, and has room again when another ends', async () => {
    await using app = await startRawServer();
    const cluster = new FakeCluster(new FakeEndpoint(app.port));
    cluster.breakers.adjust({ ...DEFAULT_LIMITS, maxConnections: 1 });
    await using sidecar = await startSidecar(targetOf({ protocol: 'tcp', cluster }));
    const first = sidecar.connect();
    const server = await app.connection(0);
    await sidecar.connect().untilEnd();
    expect(sidecar.telemetry.tcpSeen.map(({ flags }) => flags)).toEqual([[], ['UO']]);
    expect(cluster.breakers.connections.overflows).toBe(1);
    first.socket.end();
    server.socket.end();
    await expect.poll(() => cluster.breakers.connections.used).toBe(0);
    sidecar.connect();
    await app.connection(1);
  });

  test('is tried at as many endpoints as its policy says', async () => {
    const dead = [1, 2, 3, 4].map((port) => new FakeEndpoint(port));
    const opaque = { ...DEFAULT_OPAQUE_POLICY, connectAttempts: 2 };
    const target = targetOf({ protocol: 'tcp', cluster: new FakeCluster(...dead) });
    await using sidecar = await startSidecar({ ...target, opaque });
    await sidecar.connect().untilEnd();
    expect(dead.flatMap(({ outcomes }) => outcomes)).toEqual(['connect-failure', 'connect-failure']);
    expect(sidecar.telemetry.tcpSeen).toMatchObject([{ flags: ['UF,URX'] }]);
  });

  test('without a cluster is refused, and nothing is left of it', async () => {
    const target = targetOf({ protocol: 'tcp', cluster: new FakeCluster() });
    await using sidecar = await startSidecar({ ...target, cluster: () => ({ state: 'absent' }) });
    await sidecar.connect().untilEnd();
    await expect.poll(() => sidecar.interception.connections()).toBe(0);
  });

  const TOLD = { kind: 'connection', reporter: 'source', downstreamLocal: '10.96.0.10:80', serverName: '' };

  test('is written to the access log when it is over', async () => {
    await using app = await startRawServer();
    const endpoint = new FakeEndpoint(app.port);
    const cluster = new FakeCluster(endpoint);
    const target = watched(targetOf({ protocol: 'tcp', cluster }));
    const watch = watching();
    await using sidecar = await startSidecar(target, 'outbound', undefined, undefined, undefined, watch);
    const client = sidecar.connect();
    client.send('ping');
    const server = await app.connection(0);
    await server.until((text) => text === 'ping');
    const { localPort } = client.socket;
    expect(watch.logged).toEqual([]);
    server.send('pongs');
    server.socket.end();
    await client.untilEnd();
    client.socket.end();
    await expect.poll(() => watch.logged).toHaveLength(1);
    expect(watch.logged).toMatchObject([
      {
        ...TOLD,
        ...{
          flag: '-',
          reason: '',
          endpoint: endpoint.key,
          cluster: cluster.name,
          sentBytes: 4,
          receivedBytes: 5,
        },
        ...{
          downstreamRemote: `127.0.0.1:${localPort}`,
          upstreamLocal: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        },
      },
    ]);
  });

  test.each<[string, FakeCluster | undefined, string, RegExp]>([
    ['no cluster', undefined, 'NC', /^there is no cluster for test-target$/],
    ['no endpoint', new FakeCluster(), 'UH', /^no endpoint of app\.test is available$/],
    [
      'refused',
      new FakeCluster(new FakeEndpoint(1)),
      'UF',
      /^cannot connect to 127\.0\.0\.1:1 of app\.test: ECONN/,
    ],
  ])('that cannot be made is logged with its reason: %s', async (_, cluster, flag, reason) => {
    const target = watched(targetOf({ protocol: 'tcp', cluster: cluster ?? new FakeCluster() }));
    const watch = watching();
    const absent = { ...target, cluster: () => ({ state: 'absent' as const }) };
    await using sidecar = await startSidecar(
      cluster === undefined ? absent : target,
      ...(['outbound', undefined, undefined, undefined, watch] as const),
    );
    await sidecar.connect().untilEnd();
    expect(watch.logged).toMatchObject([{ ...TOLD, flag, reason: expect.stringMatching(reason) }]);
  });

  test.each([
    ['UC', /^127\.0\.0\.1:\d+ of app\.test broke the connection off$/],
    ['DC', /^the client broke the connection off$/],
  ])('that breaks is logged with who broke it off: %s', async (flag, reason) => {
    await using app = await startRawServer();
    const target = watched(
      targetOf({ protocol: 'tcp', cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
    );
    const watch = watching();
    await using sidecar = await startSidecar(target, 'outbound', undefined, undefined, undefined, watch);
    const client = sidecar.connect();
    client.send('ping');
    const server = await app.connection(0);
    await server.until((text) => text === 'ping');
    (flag === 'UC' ? server : client).socket.resetAndDestroy();
    await expect.poll(() => watch.logged).toMatchObject([{ flag, reason: expect.stringMatching(reason) }]);
    expect(sidecar.telemetry.tcpSeen).toMatchObject([{ flags: [flag] }]);
  });
});
