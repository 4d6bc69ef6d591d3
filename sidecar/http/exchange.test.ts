import { describe, expect, test } from 'vitest';
import { FakeCluster, FakeEndpoint, targetOf } from './testing/fakes.ts';
import { startRawServer, startSidecar } from './testing/sidecar-under-test.ts';

describe('exchange', () => {
  test('forwards a request and its response, and keeps both connections', async () => {
    await using app = await startRawServer((client) => {
      if (!client.text.includes('\r\n\r\n')) return;
      client.text = '';
      client.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-App: a\r\n\r\nhello');
    });
    const endpoint = new FakeEndpoint(app.port);
    await using sidecar = await startSidecar(targetOf({ cluster: new FakeCluster(endpoint) }));
    const client = sidecar.connect();
    for (let i = 0; i < 3; i++) {
      client.send('GET /a HTTP/1.1\r\nHost: app.test\r\n\r\n');
      expect(await client.response()).toBe('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-App: a\r\n\r\nhello');
    }
    expect(app.accepted).toHaveLength(1);
    expect(endpoint.active).toBe(0);
    expect(endpoint.outcomes).toEqual(['success', 'success', 'success']);
    expect(sidecar.telemetry.requestsSeen.map((seen) => seen.code)).toEqual([200, 200, 200]);
  });
});
