/**
 * Whatever goes wrong, in whatever order: every request is settled exactly once, gets at most one answer, and leaves
 * nothing behind in the counts of endpoints and breakers.
 */
import { once } from 'node:events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NO_CONDITIONS } from '#sidecar/routing/retry-policy.ts';
import { DEFAULT_LIMITS, UNLIMITED } from '#sidecar/upstream/circuit-breakers.ts';
import { FakeCluster, FakeEndpoint, targetOf } from './testing/fakes.ts';
import { type Client, startRawServer, startSidecar } from './testing/sidecar-under-test.ts';

/** What an app does with a request, by the order in which requests arrive. */
const ACTS = {
  answer: (client: Client) => client.send('HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\nok'),
  fail: (client: Client) => client.send('HTTP/1.1 503 x\r\nContent-Length: 2\r\n\r\nno'),
  failInPart: (client: Client) => client.send('HTTP/1.1 503 x\r\nContent-Length: 9\r\n\r\nno'),
  answerAndClose(client: Client) {
    client.send('HTTP/1.1 200 x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
    client.socket.end();
  },
  close: (client: Client) => void client.socket.destroy(),
  reset: (client: Client) => void client.socket.resetAndDestroy(),
  cut(client: Client) {
    client.send('HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\npart');
    client.socket.end();
  },
  nonsense: (client: Client) => client.send('hello\r\n'),
  silence: () => {},
  hints(client: Client) {
    client.send('HTTP/1.1 103 x\r\n\r\n');
    ACTS.answer(client);
  },
} as const;

type Act = keyof typeof ACTS;

const request = fc.record({
  method: fc.constantFrom('GET', 'POST'),
  body: fc.constantFrom('', '', 'x', 'x'.repeat(5000)),
  /** The body comes behind the head, in a piece of its own. */
  apart: fc.boolean(),
  /** The client goes away after so many turns of the event loop; 0: it waits for the end. */
  leaves: fc.constantFrom(0, 0, 0, 0, 1, 5, 20, 100),
});

const run = fc.record({
  acts: fc.array(fc.constantFrom(...(Object.keys(ACTS) as Act[])), { minLength: 1, maxLength: 12 }),
  /** Requests of the clients, one after the other for each. */
  clients: fc.array(fc.array(request, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }),
  attempts: fc.nat(3),
  maxConnections: fc.constantFrom(1, 2, UNLIMITED),
  maxPendingRequests: fc.constantFrom(0, 1, UNLIMITED),
  maxRequests: fc.constantFrom(1, 2, UNLIMITED),
  maxPerConnection: fc.constantFrom(0, 1, 2),
  dead: fc.boolean(),
});

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
}

test('every request ends exactly once, and nothing is left of it', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(run, async (how) => {
      let seen = 0;
      await using app = await startRawServer((client) => {
        for (;;) {
          const end = client.text.indexOf('\r\n\r\n');
          if (end < 0) return;
          const length = Number(/content-length: *(\d+)/i.exec(client.text.slice(0, end))?.[1] ?? 0);
          if (client.text.length < end + 4 + length) return;
          client.text = client.text.slice(end + 4 + length);
          ACTS[how.acts[seen++ % how.acts.length]!](client);
        }
      });
      const endpoints = [new FakeEndpoint(app.port), new FakeEndpoint(how.dead ? 1 : app.port)];
      const cluster = new FakeCluster(...endpoints);
      const { maxConnections, maxPendingRequests, maxRequests } = how;
      cluster.breakers.adjust({ ...DEFAULT_LIMITS, maxConnections, maxPendingRequests, maxRequests });
      cluster.connections = { ...cluster.connections, maxRequests: how.maxPerConnection };
      const retry = {
        attempts: how.attempts,
        on: { ...NO_CONDITIONS, any5xx: true },
        perTryTimeoutMs: 10,
        backoff: { baseMs: 2, maxMs: 4 },
      };
      await using sidecar = await startSidecar(targetOf({ cluster, retry, timeoutMs: 40 }));
      let sent = 0;
      const ask = async (requests: (typeof how.clients)[number]): Promise<void> => {
        for (const { method, body, apart, leaves } of requests) {
          const client = sidecar.connect();
          sent += 1;
          const head = `${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
          client.send(apart ? head : head + body);
          await once(client.socket, 'connect');
          if (apart) {
            await turns(1);
            client.send(body);
          }
          if (leaves > 0) await turns(leaves);
          else await client.untilEnd();
          client.socket.destroy();
          expect(client.text.split('HTTP/1.1 ').filter((part) => /^[2-5]/.test(part)).length).toBeLessThan(2);
        }
      };
      await Promise.all(how.clients.map(ask));
      await expect.poll(() => sidecar.interception.connections(), { interval: 1 }).toBe(0);
      const { breakers } = cluster;
      const counts = [breakers.requests, breakers.pending, breakers.retries].map(({ used }) => used);
      expect(counts).toEqual([0, 0, 0]);
      expect(breakers.waiting.size).toBe(0);
      expect(endpoints.map(({ active }) => active)).toEqual([0, 0]);
      for (const { begun, outcomes } of endpoints) expect(outcomes).toHaveLength(begun);
      expect(sidecar.telemetry.requestsSeen.length).toBeLessThanOrEqual(sent);
      const left = how.clients.flat().filter(({ leaves }) => leaves > 0).length;
      expect(sidecar.telemetry.requestsSeen.length).toBeGreaterThanOrEqual(sent - left);
      sidecar.interception.close();
      await expect.poll(() => breakers.connections.used, { interval: 1 }).toBe(0);
    }),
    { numRuns: 60 },
  );
});
