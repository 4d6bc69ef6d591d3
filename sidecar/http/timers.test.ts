/** Timers end with what they were set for: none of one request, or of one try, reaches what follows it. */
import { expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { NO_CONDITIONS } from '#sidecar/routing/retry-policy.ts';
import { UPLOAD_TAIL_MS } from './limits.ts';
import { FakeCluster, FakeEndpoint, targetOf } from './testing/fakes.ts';
import { startRawServer, startSidecar } from './testing/sidecar-under-test.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const GET = 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n';

test('the time of a try does not run on in another protocol', async () => {
  const clock = new ManualClock();
  await using app = await startRawServer();
  const cluster = new FakeCluster(new FakeEndpoint(app.port));
  const retry = { attempts: 2, perTryTimeoutMs: 50, on: { ...NO_CONDITIONS, reset: true } };
  await using sidecar = await startSidecar(targetOf({ cluster, retry }), 'outbound', clock);
  const client = sidecar.connect();
  client.send('GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
  const upstream = await app.connection(0);
  await upstream.until((text) => text.includes('\r\n\r\n'));
  upstream.send('HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
  await client.until((text) => text.includes('\r\n\r\n'));
  client.text = '';
  clock.advance(1000);
  expect(cluster.endpoints[0]).toMatchObject({ begun: 1, outcomes: [] });
  upstream.send('still here');
  expect(await client.until((text) => text.length >= 10)).toBe('still here');
  expect(app.accepted).toHaveLength(1);
});

test('the time for the rest of an upload does not run on in the next request', async () => {
  const clock = new ManualClock();
  await using app = await startRawServer();
  const cluster = new FakeCluster(new FakeEndpoint(app.port));
  await using sidecar = await startSidecar(targetOf({ cluster }), 'outbound', clock);
  const client = sidecar.connect();
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello');
  const first = await app.connection(0);
  await first.until((text) => text.endsWith('hello'));
  first.send(OK);
  expect(await client.response()).toBe(OK);
  first.socket.end();
  await expect.poll(() => cluster.breakers.connections.used).toBe(0);
  client.send(`world${GET}`);
  const second = await app.connection(1);
  await second.until((text) => text.includes('GET /next'));
  clock.advance(UPLOAD_TAIL_MS + 1000);
  second.send(OK);
  expect(await client.response()).toBe(OK);
});
