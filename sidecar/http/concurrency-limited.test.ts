import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RouteDecision } from '#sidecar/routing/route-table.ts';
import { DEFAULT_ADAPTIVE_CONCURRENCY, MAX_SAMPLES } from '#sidecar/upstream/adaptive-concurrency.ts';
import { ConcurrencyLimit, type ConcurrencyLimitPolicy } from './concurrency-limit.ts';
import { FakeCluster, FakeEndpoint, forwardTo, tableOf, targetOf } from './testing/fakes.ts';
import {
  type Client,
  type RawServer,
  type SidecarUnderTest,
  startRawServer,
  startSidecar,
} from './testing/sidecar-under-test.ts';

/** One request at a time: the ideal latency is never found out. */
const ONE: ConcurrencyLimitPolicy = {
  adaptive: {
    ...DEFAULT_ADAPTIVE_CONCURRENCY,
    ideal: { ...DEFAULT_ADAPTIVE_CONCURRENCY.ideal, concurrency: 1, requests: MAX_SAMPLES },
  },
  status: 503,
};

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const UPGRADE = 'GET /app HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
const SWITCHED = 'HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const CUT = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf';

/** By path: answered by a rule, held back or aborted by one, refused, or sent to the app. */
function decide(path: string, cluster: FakeCluster): RouteDecision {
  const forward = forwardTo(cluster) as Extract<RouteDecision, { kind: 'forward' }>;
  const always = 1_000_000;
  switch (path) {
    case '/rule':
      return { kind: 'direct', route: 'rule', status: 200, body: Buffer.from('hi') };
    case '/none':
      return { kind: 'reject', status: 404, flag: 'NR', reason: 'no route' };
    case '/delay':
      return { ...forward, fault: { delay: { ms: 3_600_000, share: always }, abort: undefined } };
    case '/abort':
      return { ...forward, fault: { delay: undefined, abort: { status: 418, share: always } } };
    default:
      return forward;
  }
}

interface Scene {
  readonly app: RawServer;
  readonly sidecar: SidecarUnderTest;
  readonly client: Client;
}

async function withLimit(play: (scene: Scene) => Promise<void>): Promise<void> {
  await using app = await startRawServer();
  const cluster = new FakeCluster(new FakeEndpoint(app.port));
  const table = tableOf(({ path }) => decide(path, cluster));
  const routes = () => ({ state: 'found' as const, value: table });
  await using sidecar = await startSidecar({ ...targetOf({ cluster, routes }), concurrency: ONE });
  await play({ app, sidecar, client: sidecar.connect() });
}

/** The app's side of the newest request. */
async function asked({ app }: Scene): Promise<Client> {
  await expect.poll(() => app.accepted.at(-1)?.text.includes('\r\n\r\n')).toBe(true);
  return app.accepted.at(-1)!;
}

async function statusOf(client: Client, path: string): Promise<string> {
  client.send(get(path));
  return (await client.response()).slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length);
}

/** How many requests may be under way: 0 or 1, and 2 when one was given back twice. */
async function room({ sidecar, app }: Scene): Promise<number> {
  const reached = (): number =>
    app.accepted.reduce((sum, { text }) => sum + text.split('Upgrade: x').length - 1, 0);
  const before = reached();
  const clients = [sidecar.connect(), sidecar.connect()];
  for (const client of clients) client.send(UPGRADE);
  const refused = (): number => clients.filter(({ text }) => text.startsWith('HTTP/1.1 503')).length;
  await expect.poll(() => refused() + reached() - before).toBe(2);
  const seen = 2 - refused();
  for (const client of clients) client.socket.destroy();
  return seen;
}

type Ending = readonly [name: string, play: (scene: Scene) => Promise<void>];

const ENDINGS: readonly Ending[] = [
  [
    'the app answers',
    async (scene) => {
      scene.client.send(get('/app'));
      (await asked(scene)).send(OK);
      expect(await scene.client.response()).toContain('200');
    },
  ],
  [
    'the app answers before it has the whole request, which goes on',
    async (scene) => {
      scene.client.send('POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab');
      (await asked(scene)).send(OK);
      expect(await scene.client.response()).toContain('200');
    },
  ],
  [
    'the client leaves before the answer',
    async (scene) => {
      scene.client.send(get('/app'));
      await asked(scene);
      scene.client.socket.destroy();
    },
  ],
  [
    'the client leaves within the answer',
    async (scene) => {
      scene.client.send(get('/app'));
      (await asked(scene)).send(CUT);
      await scene.client.until((text) => text.includes('half'));
      scene.client.socket.destroy();
    },
  ],
  [
    'the answer is cut off',
    async (scene) => {
      scene.client.send(get('/app'));
      const app = await asked(scene);
      app.send(CUT);
      await scene.client.until((text) => text.includes('half'));
      app.socket.destroy();
      await scene.client.untilEnd();
    },
  ],
  [
    'the app closes without an answer',
    async (scene) => {
      scene.client.send(get('/app'));
      (await asked(scene)).socket.destroy();
      expect(await scene.client.response()).toContain('503');
    },
  ],
  [
    'the body turns out to be malformed',
    async (scene) => {
      scene.client.send('POST /app HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n');
      await asked(scene);
      scene.client.send('no chunk\r\n');
      expect(await scene.client.response()).toContain('400');
    },
  ],
  [
    'the client leaves while a rule holds the request back',
    async (scene) => {
      scene.client.send(get('/delay'));
      expect(await statusOf(scene.sidecar.connect(), '/rule')).toBe('503');
      scene.client.socket.destroy();
    },
  ],
  ['a rule aborts it', async ({ client }) => expect(await statusOf(client, '/abort')).toBe('418')],
  ['a rule answers it', async ({ client }) => expect(await statusOf(client, '/rule')).toBe('200')],
  ['it has no route', async ({ client }) => expect(await statusOf(client, '/none')).toBe('404')],
  [
    'several come at once on one connection',
    async ({ client }) => {
      client.send(get('/rule') + get('/none') + get('/rule'));
      const statuses = [await client.response(), await client.response(), await client.response()];
      expect(statuses.map((text) => text.slice(9, 12))).toEqual(['200', '404', '200']);
    },
  ],
  [
    'it became another protocol, which ended',
    async (scene) => {
      scene.client.send(UPGRADE);
      const app = await asked(scene);
      app.send(SWITCHED);
      await scene.client.until((text) => text.includes('101'));
      expect(await statusOf(scene.sidecar.connect(), '/rule')).toBe('503');
      scene.client.socket.end();
      app.socket.end();
    },
  ],
];

describe('a request is given back once when', () => {
  test.each(ENDINGS)('%s', (_, play) =>
    withLimit(async (scene) => {
      await play(scene);
      await expect.poll(() => statusOf(scene.sidecar.connect(), '/rule')).toBe('200');
      expect(await room(scene)).toBe(1);
    }),
  );
});

test('one that there is no room for is answered at once, in words, and costs the app nothing', () =>
  withLimit(async (scene) => {
    scene.client.send(get('/app'));
    const app = await asked(scene);
    const other = scene.sidecar.connect();
    other.send(get('/app'));
    const answer = await other.response();
    expect(answer).toMatch(/^HTTP\/1.1 503 /);
    expect(answer).toMatch(/^x-weft-reason: UO; reached concurrency limit: 1 requests at once .+\r$/m);
    expect(scene.sidecar.telemetry.requestsSeen).toMatchObject([{ code: 503, flag: 'UO' }]);
    app.send(OK);
    expect(await scene.client.response()).toContain('200');
    expect(scene.app.accepted).toHaveLength(1);
  }));

test('what is under way is what was admitted and has not ended, whatever happens', () => {
  const step = fc.record({ pauseMs: fc.nat(200), comes: fc.boolean(), ends: fc.constantFrom(0, 1, 2) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const limit = new ConcurrencyLimit({ adaptive: DEFAULT_ADAPTIVE_CONCURRENCY, status: 529 }, 0, () => 0);
      const starts: number[] = [];
      let nowMs = 0;
      for (const { pauseMs, comes, ends } of steps) {
        nowMs += pauseMs;
        const refusal = comes ? limit.admit(nowMs) : undefined;
        if (comes && refusal === undefined) starts.push(nowMs);
        expect(refusal?.status ?? 529).toBe(529);
        const startMs = ends === 0 ? undefined : starts.shift();
        if (startMs !== undefined && ends === 1) limit.answered(startMs, nowMs);
        else if (startMs !== undefined) limit.dropped();
        expect(limit.used).toBe(starts.length);
      }
    }),
  );
});
