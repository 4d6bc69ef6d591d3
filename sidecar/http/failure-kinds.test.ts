/**
 * What every kind of failure is called: through a whole sidecar, between a client and an upstream that misbehaves. Flags
 * and response code details are those that Envoy 1.40 writes for the same, where it has the same; the reason names the
 * endpoint and the true cause. Metrics, access log and span say the same.
 */
import { describe, expect, test } from 'vitest';
import { NO_CONDITIONS, type RetryConditions } from '#sidecar/routing/retry-policy.ts';
import type { ForwardDecision, RouteDecision } from '#sidecar/routing/route-table.ts';
import { DEFAULT_LIMITS } from '#sidecar/upstream/circuit-breakers.ts';
import { FakeCluster, FakeEndpoint, forwardTo, tableOf, targetOf } from './testing/fakes.ts';
import { startFullBacklog } from './testing/full-backlog.ts';
import { type Client, type RawServer, startRawServer, startSidecar } from './testing/sidecar-under-test.ts';
import { type Told, watched, watching } from './testing/watching.ts';

const GET = 'GET /a?b=c HTTP/1.1\r\nHost: app.test\r\nUser-Agent: curl\r\n\r\n';
const EARLY = 'upstream_reset_before_response_started';
const LATE = 'upstream_reset_after_response_started';
const ENDPOINT = '127\\.0\\.0\\.1:\\d+ of app\\.test';

type Upstream = (client: Client) => void;

const silent: Upstream = () => {};
const closes: Upstream = (client) => void client.socket.destroy();
const resets: Upstream = (client) => void client.socket.resetAndDestroy();
const says =
  (text: string): Upstream =>
  (client) =>
    client.send(text);
const begins: Upstream = (client) => client.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc');

/** Sends what it has to say and is gone, in the order in which the other side hears of it. */
const saysAndCloses =
  (text: string): Upstream =>
  (client) =>
    void client.socket.end(text, 'latin1');

interface Kind {
  readonly upstream?: Upstream;
  /** There is none. */
  readonly gone?: 'refuses' | 'drops' | 'none';
  readonly limits?: Partial<typeof DEFAULT_LIMITS>;
  readonly route?: Partial<Parameters<typeof forwardTo>[1]>;
  readonly decide?: (decision: ForwardDecision) => RouteDecision;
  readonly rateLimited?: boolean;
  readonly request?: string;
  /** What happens between the request and the end. */
  readonly meanwhile?: (client: Client, app: RawServer) => Promise<unknown>;
  /** Of a client that came before and whose request is under way. */
  readonly before?: boolean;
}

/** Of the tries' spans: status and flag. */
type Tries = readonly (readonly [status: number, flag: string])[];

interface Said {
  readonly status: number;
  readonly flag: string;
  readonly details: string;
  readonly reason: RegExp;
  readonly tries: Tries;
}

const said = (
  status: number,
  flag: string,
  details: string,
  reason: string | RegExp,
  tries: Tries,
): Said => ({ status, flag, details, reason: new RegExp(reason), tries });

const again = (on: Partial<RetryConditions>) => ({
  attempts: 2,
  retry: { attempts: 2, on: { ...NO_CONDITIONS, ...on }, backoff: { baseMs: 1, maxMs: 2 } },
});
const thrice = (flag: string): Tries => [
  [0, flag],
  [0, flag],
  [0, flag],
];
const fault = (more: object) => (decision: ForwardDecision) => ({
  ...decision,
  fault: { delay: undefined, abort: { status: 418, share: 1_000_000 }, ...more },
});

const KINDS: readonly (readonly [string, Kind, Said])[] = [
  [
    'no route',
    { decide: () => ({ kind: 'reject', status: 404, flag: 'NR', reason: 'no route of "x" is for it' }) },
    said(404, 'NR', 'route_not_found', /no route of "x"/, []),
  ],
  [
    'no cluster',
    { decide: () => ({ kind: 'reject', status: 503, flag: 'NC', reason: 'cluster "x" does not exist' }) },
    said(503, 'NC', 'cluster_not_found', /cluster "x"/, []),
  ],
  [
    'no healthy endpoint',
    { gone: 'none' },
    said(503, 'UH', 'no_healthy_upstream', /^no endpoint of app\.test is available$/, []),
  ],
  [
    'refused',
    { gone: 'refuses' },
    said(
      503,
      'UF',
      `${EARLY}{remote_connection_failure|ECONNREFUSED}`,
      `cannot connect to ${ENDPOINT}: ECONNREFUSED`,
      [[0, 'UF']],
    ),
  ],
  [
    'refused by all, thrice',
    { gone: 'refuses', route: again({ connectFailure: true }) },
    said(
      503,
      'URX,UF',
      `${EARLY}{remote_connection_failure|ECONNREFUSED}`,
      `cannot connect to ${ENDPOINT}: ECONNREFUSED \\(try 3 of 3\\)`,
      thrice('UF'),
    ),
  ],
  [
    'connect timeout',
    { gone: 'drops' },
    said(503, 'UF', `${EARLY}{connection_timeout}`, `cannot connect to ${ENDPOINT}: timed out`, [[0, 'UF']]),
  ],
  [
    'closed before a response',
    { upstream: closes },
    said(
      503,
      'UC',
      `${EARLY}{connection_termination}`,
      `${ENDPOINT} closed the connection before it answered`,
      [[0, 'UC']],
    ),
  ],
  [
    'reset before a response',
    { upstream: resets },
    said(
      503,
      'UC',
      `${EARLY}{connection_termination}`,
      `${ENDPOINT} closed the connection before it answered`,
      [[0, 'UC']],
    ),
  ],
  [
    'reset before a response, thrice',
    { upstream: resets, route: again({ reset: true }) },
    said(
      503,
      'URX,UC',
      `${EARLY}{connection_termination}`,
      `${ENDPOINT} closed .* \\(try 3 of 3\\)`,
      thrice('UC'),
    ),
  ],
  [
    'reset before a response, with no room for a retry',
    { upstream: resets, route: again({ reset: true }), limits: { maxRetries: 0, retryBudget: undefined } },
    said(503, 'UO,UC', `${EARLY}{connection_termination}`, `${ENDPOINT} closed .*; it was not tried again`, [
      [0, 'UC'],
    ]),
  ],
  [
    'closed within the head of a response',
    { upstream: saysAndCloses('HTTP/1.1 200 O') },
    said(502, 'UC', `${EARLY}{connection_termination}`, `${ENDPOINT} closed the connection within the head`, [
      [0, 'UC'],
    ]),
  ],
  [
    'reset in the middle of a response',
    {
      upstream: begins,
      meanwhile: async (client, app) => {
        await client.until((text) => text.endsWith('abc'));
        app.accepted[0]!.socket.resetAndDestroy();
      },
    },
    said(
      200,
      'UC',
      `${LATE}{connection_termination}`,
      `${ENDPOINT} closed the connection within its response`,
      [[200, 'UC']],
    ),
  ],
  [
    'malformed response',
    { upstream: says('HTTX nonsense\r\n\r\n') },
    said(502, 'UPE', `${EARLY}{protocol_error}`, `the response of ${ENDPOINT} has a malformed status line`, [
      [0, 'UPE'],
    ]),
  ],
  [
    'malformed in the middle of a response',
    {
      upstream: says('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'),
      meanwhile: async (client, app) => {
        await client.until((text) => text.includes('abc'));
        app.accepted[0]!.send('zz\r\n');
      },
    },
    said(200, 'UPE', `${LATE}{protocol_error}`, `the response of ${ENDPOINT} has an invalid chunk size`, [
      [200, 'UPE'],
    ]),
  ],
  [
    'upstream timeout',
    { upstream: silent, route: { timeoutMs: 30 } },
    said(504, 'UT', 'response_timeout', `${ENDPOINT} did not answer within 30 ms`, [[0, 'UT']]),
  ],
  [
    'upstream timeout in the middle of a response',
    { upstream: begins, route: { timeoutMs: 200 } },
    said(200, 'UT', 'response_timeout', `${ENDPOINT} did not end its response within 200 ms`, [[200, 'UT']]),
  ],
  [
    'per-try timeout',
    { upstream: silent, route: { timeoutMs: 5_000, retry: { perTryTimeoutMs: 20 } } },
    said(504, 'UT', 'upstream_per_try_timeout', `${ENDPOINT} did not answer within 20 ms`, [[0, 'UT']]),
  ],
  [
    'per-try timeout, thrice',
    {
      upstream: silent,
      route: {
        timeoutMs: 5_000,
        ...again({ reset: true }),
        retry: { ...again({ reset: true }).retry, perTryTimeoutMs: 20 },
      },
    },
    said(504, 'URX,UT', 'upstream_per_try_timeout', `${ENDPOINT} did not .* \\(try 3 of 3\\)`, thrice('UT')),
  ],
  [
    "the caller's deadline",
    { request: GET.replace('\r\n\r\n', '\r\nx-envoy-expected-rq-timeout-ms: 0\r\n\r\n') },
    said(504, 'DT', 'deadline_exceeded', /^the time that the caller gave the request was over/, []),
  ],
  [
    'a 503 of the endpoint',
    { upstream: says('HTTP/1.1 503 x\r\nServer: app\r\nContent-Length: 0\r\n\r\n') },
    said(503, '-', 'via_upstream', /^$/, [[503, '-']]),
  ],
  [
    'a 503 of the endpoint, thrice',
    {
      upstream: says('HTTP/1.1 503 x\r\nServer: app\r\nContent-Length: 0\r\n\r\n'),
      route: again({ any5xx: true }),
    },
    said(503, 'URX', 'via_upstream', `${ENDPOINT} answered 503 \\(try 3 of 3\\)`, [
      [503, '-'],
      [503, '-'],
      [503, 'URX'],
    ]),
  ],
  [
    'too many requests',
    { limits: { maxRequests: 0 } },
    said(503, 'UO', `${EARLY}{overflow}`, /^app\.test has 0 requests under way/, []),
  ],
  [
    'too many that wait for a connection',
    { limits: { maxConnections: 1, maxPendingRequests: 0 }, before: true },
    said(503, 'UO', `${EARLY}{overflow}`, /^0 requests wait for a connection to app\.test/, [[0, 'UO']]),
  ],
  [
    'an abort by rule',
    { decide: fault({}) },
    said(418, 'FI', 'fault_filter_abort', /^the fault rule of route "default" aborts/, []),
  ],
  [
    'a delay and an abort by rule',
    { decide: fault({ delay: { ms: 5, share: 1_000_000 } }) },
    said(418, 'DI,FI', 'fault_filter_abort', /^the fault rule of route "default" aborts/, []),
  ],
  [
    'rate limited',
    { rateLimited: true },
    said(429, 'RL', 'local_rate_limited', /^rate limit "front" lets/, []),
  ],
  [
    'client gone',
    {
      upstream: silent,
      meanwhile: async (client, app) => {
        await (await app.connection(0)).until((text) => text.includes('\r\n\r\n'));
        client.socket.destroy();
      },
    },
    said(0, 'DC', 'downstream_remote_disconnect', /^the client closed the connection/, [[0, 'DC']]),
  ],
  [
    'client gone in the middle of a response',
    {
      upstream: begins,
      meanwhile: async (client) => {
        await client.until((text) => text.endsWith('abc'));
        client.socket.destroy();
      },
    },
    said(200, 'DC', 'downstream_remote_disconnect', /^the client closed the connection/, [[200, 'DC']]),
  ],
];

async function closedPort(): Promise<number> {
  const server = await startRawServer();
  await server[Symbol.asyncDispose]();
  return server.port;
}

async function endpointsOf({ gone }: Kind, app: { readonly port: number }): Promise<FakeEndpoint[]> {
  if (gone === 'none') return [];
  return [new FakeEndpoint(gone === 'refuses' ? await closedPort() : app.port)];
}

function targetFor(kind: Kind, cluster: FakeCluster) {
  const forward = forwardTo(cluster, kind.route) as ForwardDecision;
  const table = tableOf(() => kind.decide?.(forward) ?? forward);
  const bucket = { maxTokens: 0, tokensPerFill: 1, fillIntervalMs: 60_000 };
  const rateLimit = { name: 'front', bucket, status: 429, share: 1_000_000 };
  const target = targetOf({ cluster, routes: () => ({ state: 'found', value: table }) });
  return watched(kind.rateLimited === true ? { ...target, rateLimit } : target);
}

/** What metrics, access log and trace say of the one request that fails. */
async function play(kind: Kind) {
  await using app = await startRawServer((client) => {
    if (client.text.includes('\r\n\r\n')) kind.upstream?.(client);
  });
  await using full = kind.gone === 'drops' ? await startFullBacklog() : undefined;
  const cluster = new FakeCluster(...(await endpointsOf(kind, full ?? app)));
  cluster.connectTimeoutMs = 50;
  cluster.breakers.adjust({ ...DEFAULT_LIMITS, ...kind.limits });
  const watch = watching();
  const target = targetFor(kind, cluster);
  await using sidecar = await startSidecar(target, 'outbound', undefined, undefined, undefined, watch);
  if (kind.before === true) {
    sidecar.connect().send(GET);
    await app.connection(0);
  }
  const client = sidecar.connect();
  client.send(kind.request ?? GET);
  await kind.meanwhile?.(client, app);
  await expect.poll(() => watch.logged).toHaveLength(1);
  const [seen] = sidecar.telemetry.requestsSeen;
  const trace = watch.traces.find(({ ends }) => ends.length > 0);
  return { seen, logged: watch.logged[0] as Told, trace, text: client.text, cluster };
}

/** What else a trace tells of them; of the others nothing. */
const EVENTS: Readonly<Record<string, readonly string[]>> = {
  'refused by all, thrice': ['retry', 'retry'],
  'reset before a response, thrice': ['retry', 'retry'],
  'per-try timeout, thrice': ['retry', 'retry'],
  'a 503 of the endpoint, thrice': ['retry', 'retry'],
  'upstream timeout': ['deadline'],
  'upstream timeout in the middle of a response': ['deadline'],
  "the caller's deadline": ['deadline'],
  'too many requests': ['overflow'],
  'too many that wait for a connection': ['overflow'],
  'an abort by rule': ['fault.abort'],
  'a delay and an abort by rule': ['fault.delay', 'fault.abort'],
};

describe('a failure', () => {
  test.each(KINDS)('%s', async (name, kind, { status, flag, details, reason, tries }) => {
    const { seen, logged, trace, text, cluster } = await play(kind);
    expect(seen).toMatchObject({ code: status, flag });
    expect(logged).toMatchObject({ kind: 'request', status, flag, details });
    expect(logged['reason']).toMatch(reason);
    expect(trace?.ends).toEqual([logged]);
    expect(trace?.events).toEqual(EVENTS[name] ?? []);
    expect(trace?.tries.map(({ ended }) => [ended?.['status'], ended?.['flag']])).toEqual(tries);
    for (const { ended } of trace?.tries ?? []) {
      if (ended?.['flag'] !== '-') expect(ended?.['reason']).not.toBe('');
    }
    expect(logged).toMatchObject({ tries: tries.length, method: 'GET', path: '/a?b=c', agent: 'curl' });
    if (text.includes('x-weft-reason')) {
      expect(text).toContain(`HTTP/1.1 ${status} `);
      expect(text).toContain(`x-weft-reason: ${flag.replace('DI,', '')}; ${String(logged['reason'])}`);
    }
    if (kind.before !== true)
      expect(cluster.breakers).toMatchObject({ requests: { used: 0 }, retries: { used: 0 } });
  });

  test('a request that cannot be read is logged without what it does not say', async () => {
    const { logged, trace } = await play({ request: 'GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n' });
    expect(logged).toMatchObject({
      status: 400,
      flag: 'DPE',
      details: 'http1.codec_error',
      method: '',
      path: '',
    });
    expect(logged['reason']).toMatch(/^the request has a header line without a valid name/);
    expect(trace).toBeUndefined();
  });
});
