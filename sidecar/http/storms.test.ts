/**
 * Random schedules on real sockets: clients that leave at any moment, apps that answer as they please, rules of all
 * kinds, endpoints that come and go. Whatever happens, every request ends once, nobody gets another one's answer, and
 * nothing stays behind.
 */
import { describe, expect, test } from 'vitest';
import { systemClock } from '#api/foundation/clock.ts';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { type Random, seededRandom } from '#api/foundation/random.ts';
import { NO_CONDITIONS } from '#sidecar/routing/retry-policy.ts';
import type { ForwardDecision } from '#sidecar/routing/route-table.ts';
import { DEFAULT_LIMITS } from '#sidecar/upstream/circuit-breakers.ts';
import { DeadlineMemory } from './deadline-memory.ts';
import { FakeCluster, FakeEndpoint, forwardTo, tableOf, targetOf } from './testing/fakes.ts';
import { type Client, startRawServer, startSidecar } from './testing/sidecar-under-test.ts';

const CLIENTS = 40;
const SEEDS = [1, 2, 3, 4];
const ANY5XX = { ...NO_CONDITIONS, any5xx: true, reset: true, connectFailure: true };

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)]!;
}

/** Ends after a while that is drawn. */
function pause(random: Random, maxMs: number): Promise<void> {
  return new Promise((resolve) => systemClock.after(random() * maxMs, resolve));
}

type Behaviour = (client: Client, path: string, random: Random) => unknown;

const ok: Behaviour = (client, path) =>
  client.send(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`);

/** In one piece with the answer before it: once a connection has its next request, nobody can tell. */
const TWICE = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n/twice';

const BEHAVIOURS: readonly Behaviour[] = [
  ok,
  ok,
  ok,
  (client, path) => client.send(`HTTP/1.1 503 x\r\nContent-Length: ${path.length}\r\n\r\n${path}`),
  (client, path) =>
    client.send(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${path.length.toString(16)}\r\n${path}\r\n0\r\n\r\n`,
    ),
  (client, path) => client.socket.end(`HTTP/1.1 200 OK\r\n\r\n${path}`),
  (client, path, random) => {
    client.send('HTTP/1.1 103 x\r\nLink: a\r\n\r\n'.repeat(20));
    return ok(client, path, random);
  },
  (client, path) => client.send(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}${TWICE}`),
  async (client, path, random) => {
    for (const piece of [`HTTP/1.1 200 OK\r\nContent-Le`, `ngth: ${path.length}\r\n`, `\r\n${path}`]) {
      client.send(piece);
      await pause(random, 8);
    }
  },
  (client) => client.send('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nnot all of it'),
  (client) => client.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nnot all of it'),
  (client) => client.send('SSH-2.0-nonsense\r\n'),
  (client) => client.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
  (client) => client.socket.destroy(),
  (client) => client.socket.resetAndDestroy(),
  (client) => client.send('HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'),
  () => {},
];

/** Answers by chance, before or after the body of a request, and never looks for its end. */
function chaotic(random: Random): (client: Client) => void {
  const seen = new WeakSet<Client>();
  return (client) => {
    if (!seen.has(client)) client.socket.once('end', () => client.socket.end());
    seen.add(client);
    const asked = /(\/c\d+r\d+)x* HTTP\/1\.1\r\n[\s\S]*?\r\n\r\n/.exec(client.text);
    if (asked === null) return;
    client.text = client.text.slice(asked.index + asked[0].length);
    void pause(random, pick(random, [0, 0, 5, 30])).then(() =>
      pick(random, BEHAVIOURS)(client, asked[1]!, random),
    );
  };
}

function requestOf(path: string, random: Random): string {
  const extra = pick(random, ['', 'x-envoy-expected-rq-timeout-ms: 60\r\n', 'x-request-id: same\r\n']);
  const head = (method: string, more = ''): string =>
    `${method} ${path} HTTP/1.1\r\nHost: a\r\n${extra}${more}\r\n`;
  return pick(random, [
    () => head('GET'),
    () => head('HEAD'),
    () => head('GET', 'Connection: close\r\n'),
    () => head('GET').replace('HTTP/1.1', 'HTTP/1.0'),
    () => head('GET', 'Connection: Upgrade\r\nUpgrade: echo\r\n'),
    () => `${head('POST', 'Content-Length: 5\r\n')}hello`,
    () => `${head('POST', 'Content-Length: 90000\r\n')}${'z'.repeat(90_000)}`,
    () => `${head('POST', 'Transfer-Encoding: chunked\r\n')}5\r\nhello\r\n0\r\n\r\n`,
    () => `${head('POST', 'Expect: 100-continue\r\nContent-Length: 5\r\n')}`,
    () => `${head('POST', 'Transfer-Encoding: chunked\r\n')}5\r\nhello\r\nbad`,
  ])();
}

/** A client that sends a few requests, in pieces, and leaves when it likes. Returns all that it got. */
async function live(client: Client, number: number, random: Random): Promise<string> {
  const count = pick(random, [1, 1, 2, 3]);
  for (let r = 0; r < count && !client.ended; r++) {
    const text = requestOf(`/c${number}r${r}`, random);
    const cut = Math.floor(random() * text.length);
    client.send(text.slice(0, cut));
    await pause(random, 10);
    client.send(text.slice(cut));
    await pause(random, pick(random, [0, 20, 150]));
  }
  const leave = pick(random, [
    () => client.socket.destroy(),
    () => client.socket.resetAndDestroy(),
    () => client.socket.end(),
    () => client.socket.end(),
  ]);
  await pause(random, pick(random, [0, 200]));
  leave();
  return client.untilEnd();
}

function rule(random: Random, cluster: FakeCluster, shadow: FakeCluster): ForwardDecision {
  const chance = <T>(share: number, value: T): T | undefined => (random() < share ? value : undefined);
  const retry = { attempts: pick(random, [0, 1, 3]), perTryTimeoutMs: pick(random, [0, 15]), on: ANY5XX };
  return {
    ...(forwardTo(cluster, {
      timeoutMs: 120,
      retry: { ...retry, backoff: { baseMs: 1, maxMs: 5 } },
    }) as ForwardDecision),
    countAttempts: random() < 0.5,
    mirrors: chance(0.4, [{ cluster: () => shadow, share: 1_000_000 }]),
    fault: chance(0.2, {
      delay: chance(0.8, { ms: 20, share: 700_000 }),
      abort: chance(0.5, { status: 418, share: 500_000 }),
    }),
    requestEdits: chance(0.3, { remove: ['x-no'], set: [{ name: 'x-a', value: 'b' }], add: [] }),
    responseEdits: chance(0.3, { remove: ['link'], set: [{ name: 'x-a', value: 'b' }], add: [] }),
    rewrite: chance(0.3, { path: (path) => `${path}xxx`, authority: 'b' }),
    hash: chance(0.3, [{ terminal: false, by: 'cookie', name: 'aff', path: '/', ttlMs: 0 }]),
  };
}

/** Answers that nobody asked for, in what client `number` got: those of others, and second ones. In a tunnel the app may say what it likes. */
function foreign(text: string, number: number): string[] {
  const tunnel = text.indexOf('HTTP/1.1 101 ');
  return [...text.matchAll(/\/c(\d+)r\d+|\/twice/g)]
    .filter(({ index, 1: of }) =>
      of === undefined ? tunnel === -1 || index < tunnel : of !== String(number),
    )
    .map(([path]) => path);
}

describe('storms', () => {
  test.each(SEEDS)('seed %i', async (seed) => {
    const random = seededRandom(seed);
    await using app = await startRawServer(chaotic(random));
    await using other = await startRawServer(chaotic(random));
    const endpoints = [app, other].map(({ port }) => new FakeEndpoint(port));
    const gone = new FakeEndpoint(1);
    const [cluster, shadow] = [new FakeCluster(...endpoints, gone), new FakeCluster(...endpoints)];
    const limits = {
      ...DEFAULT_LIMITS,
      maxConnections: pick(random, [1, 3, 1000]),
      maxPendingRequests: pick(random, [1, 20]),
    };
    cluster.breakers.adjust(limits);
    const table = tableOf(() => rule(random, cluster, shadow));
    const routes = () => ({ state: 'found' as const, value: table });
    const memoryClock = new ManualClock();
    const memory = new DeadlineMemory(memoryClock);
    const target = targetOf({ cluster, routes });
    await using sidecar = await startSidecar(
      target,
      pick(random, ['inbound', 'outbound']),
      systemClock,
      memory,
    );
    const drains = random() < 0.5;
    const lives = Array.from({ length: CLIENTS }, async (_, number) => {
      await pause(random, 150);
      if (number === 10) endpoints[0]!.removed = true;
      if (number === 20) cluster.endpoints = [endpoints[1]!];
      if (number === 35 && drains) void sidecar.interception.drain(300);
      if (number === 30) cluster.breakers.adjust({ ...limits, maxConnections: 2 });
      const client = sidecar.connect();
      return { number, text: await live(client, number, random) };
    });
    for (const { number, text } of await Promise.all(lives)) expect(foreign(text, number)).toEqual([]);
    const left = () =>
      [cluster, shadow].map(({ breakers: { requests, pending, retries } }) => [
        requests.used,
        pending.used,
        retries.used,
      ]);
    await expect.poll(left, { timeout: 3000 }).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    await expect.poll(() => sidecar.interception.connections(), { timeout: 4000 }).toBe(0);
    expect([...endpoints, gone].map(({ active }) => active)).toEqual([0, 0, 0]);
    for (const { begun, outcomes } of [...endpoints, gone]) expect(outcomes).toHaveLength(begun);
    const { started, answered, dropped } = sidecar.interception.mirrors;
    expect(answered + dropped).toBe(started);
    memoryClock.advance(60_000);
    expect([memory.deadlineOf([]), memory.empty]).toEqual([Number.POSITIVE_INFINITY, true]);
    for (const { accepted } of [app, other]) for (const { socket } of accepted) socket.destroy();
    await expect
      .poll(() => [cluster, shadow].map(({ breakers }) => breakers.connections.used))
      .toEqual([0, 0]);
  });
});
