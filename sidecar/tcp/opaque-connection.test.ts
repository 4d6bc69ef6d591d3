import { describe, expect, test } from 'vitest';
import { FakeCluster, FakeEndpoint, targetOf } from '#sidecar/http/testing/fakes.ts';
import { startRawServer, startSidecar } from '#sidecar/http/testing/sidecar-under-test.ts';

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

  test('without a cluster is refused, and nothing is left of it', async () => {
    const target = targetOf({ protocol: 'tcp', cluster: new FakeCluster() });
    await using sidecar = await startSidecar({ ...target, cluster: () => ({ state: 'absent' }) });
    await sidecar.connect().untilEnd();
    await expect.poll(() => sidecar.interception.connections()).toBe(0);
  });
});
