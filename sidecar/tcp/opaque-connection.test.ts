import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { FakeCluster, FakeEndpoint, targetOf } from '#sidecar/http/testing/fakes.ts';
import { startRawServer, startSidecar } from '#sidecar/http/testing/sidecar-under-test.ts';
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
});
