/** What access logs and traces learn of requests, and what upstreams learn of traces. */
import { describe, expect, test } from 'vitest';
import type { ForwardDecision, RouteDecision } from '#sidecar/routing/route-table.ts';
import type { Cluster } from '#sidecar/upstream/cluster.ts';
import type { Outcome } from '#sidecar/upstream/endpoint.ts';
import { FakeCluster, FakeEndpoint, forwardTo, tableOf, targetOf } from './testing/fakes.ts';
import { type Client, startRawServer, startSidecar } from './testing/sidecar-under-test.ts';
import { type Watching, watched, watching } from './testing/watching.ts';

const OK = 'HTTP/1.1 200 OK\r\nServer: app\r\nContent-Length: 2\r\n\r\nok';
const CONTEXT = /^(?:traceparent|x-request-id): .*/gm;
const ALL = 1_000_000;

type Upstream = (client: Client) => void;
const answers: Upstream = (client) => {
  if (client.text.endsWith('\r\n\r\n') || client.text.endsWith('END')) client.send(OK);
};

interface Stage {
  readonly watch: Watching;
  readonly client: Client;
  readonly cluster: FakeCluster;
  /** Heads as the app got them. */
  readonly heads: string[];
}

interface Setting {
  readonly upstream?: Upstream;
  readonly watch?: Watching;
  readonly direction?: 'inbound' | 'outbound';
  readonly change?: (decision: ForwardDecision) => RouteDecision;
  readonly target?: object;
}

async function onStage(setting: Setting, act: (stage: Stage) => Promise<void>): Promise<void> {
  const { upstream = answers, watch = watching(), direction = 'outbound' } = setting;
  const heads: string[] = [];
  await using app = await startRawServer((client) => {
    if (/\r\n\r\n/.test(client.text)) heads.push(client.text);
    upstream(client);
    if (client.text.endsWith('\r\n\r\n')) client.text = '';
  });
  const cluster = new FakeCluster(new FakeEndpoint(app.port));
  const forward = forwardTo(cluster, { attempts: 1, retry: { backoff: { baseMs: 1, maxMs: 2 } } });
  const decision = setting.change?.(forward as ForwardDecision) ?? forward;
  const routes = () => ({ state: 'found' as const, value: tableOf(() => decision) });
  const target = { ...watched(targetOf({ cluster, routes })), ...setting.target };
  await using sidecar = await startSidecar(target, direction, undefined, undefined, undefined, watch);
  await act({ watch, client: sidecar.connect(), cluster, heads });
}

const ask = (more = ''): string => `GET /a?b=c HTTP/1.1\r\nHost: App.test\r\nUser-Agent: curl\r\n${more}\r\n`;
const context = (head = ''): string[] => (head.match(CONTEXT) ?? []).map((line) => line.trimEnd()).sort();

describe('the record of a request', () => {
  test('says all that is known of it', () =>
    onStage({}, async ({ watch, client, cluster }) => {
      client.send(
        'POST /a?b=c HTTP/1.1\r\nHost: app.test\r\nUser-Agent: curl\r\nContent-Length: 5\r\n\r\nabEND',
      );
      expect(await client.response()).toBe(OK);
      const { localAddress, localPort } = client.socket;
      expect(watch.logged).toEqual(watch.traces[0]?.ends);
      expect(watch.logged).toMatchObject([
        {
          ...{
            kind: 'request',
            reporter: 'source',
            status: 200,
            flag: '-',
            reason: '',
            details: 'via_upstream',
          },
          ...{ method: 'POST', path: '/a?b=c', authority: 'app.test', scheme: 'http', protocol: 'HTTP/1.1' },
          ...{
            downstreamRemote: `${localAddress}:${localPort}`,
            downstreamLocal: '10.96.0.10:80',
            serverName: '',
          },
          ...{ endpoint: cluster.endpoints[0]?.key, cluster: cluster.name, route: 'default', tries: 1 },
          ...{ requestBodyBytes: 5, responseBodyBytes: 2, responseBytes: OK.length },
          ...{
            agent: 'curl',
            server: 'app',
            sampled: true,
            requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          },
          ...{ requestMs: expect.any(Number), firstByteMs: expect.any(Number) },
          ...{
            upstreamServiceMs: expect.any(Number),
            upstreamLocal: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
          },
        },
      ]);
    }));

  test('counts of chunks what is in them', () => {
    const chunks = (text: string): string => `${text.length.toString(16)};x=y\r\n${text}\r\n`;
    const upstream: Upstream = (client) => {
      if (client.text.endsWith('0\r\n\r\n'))
        client.send(
          `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks('hello')}${chunks('you')}0\r\n\r\n`,
        );
    };
    return onStage({ upstream }, async ({ watch, client }) => {
      client.send(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks('abc')}`);
      client.send(`${chunks('d')}0\r\n\r\n`);
      await client.until((text) => text.endsWith('0\r\n\r\n'));
      expect(watch.logged).toMatchObject([{ requestBodyBytes: 4, responseBodyBytes: 8 }]);
      const [{ requestBytes = 0, responseBytes = 0 } = {}] = watch.logged;
      expect(responseBytes).toBe(client.text.length);
      expect(requestBytes).toBeGreaterThan(4);
    });
  });

  test('of a response that gets chunks on the way: without them', () => {
    const upstream: Upstream = (client) => void client.socket.end('HTTP/1.1 200 OK\r\n\r\nhello');
    return onStage({ upstream }, async ({ watch, client }) => {
      client.send(ask());
      await client.until((text) => text.endsWith('0\r\n\r\n'));
      expect(watch.logged).toMatchObject([{ responseBodyBytes: 5, responseBytes: client.text.length }]);
    });
  });

  test('is that of the present request of its connection, not of one before', () =>
    onStage({}, async ({ watch, client }) => {
      for (const path of ['/first', '/second']) {
        client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\nUser-Agent: ${path}\r\n\r\n`);
        await client.response();
      }
      expect(watch.logged).toMatchObject(['/first', '/second'].map((path) => ({ path, agent: path })));
      const ids = watch.logged.map(({ requestId }) => requestId);
      expect(new Set(ids).size).toBe(2);
    }));

  test.each<[string, RouteDecision, object]>([
    [
      'a direct response',
      { kind: 'direct', route: 'r', status: 200, body: Buffer.from('hello') },
      { status: 200, flag: '-', details: 'direct_response', route: 'r', responseBodyBytes: 5 },
    ],
    [
      'a redirect',
      { kind: 'redirect', route: 'r', status: 301, location: () => 'http://b/' },
      { status: 301, flag: '-', details: 'direct_response', route: 'r', responseBodyBytes: 0 },
    ],
  ])('tells of %s that it was made here', (_, decision, expected) =>
    onStage({ change: () => decision }, async ({ watch, client }) => {
      client.send(ask());
      await client.response();
      expect(watch.logged).toEqual(watch.traces[0]?.ends);
      expect(watch.logged).toMatchObject([
        { ...expected, tries: 0, agent: 'curl', server: 'weft', path: '/a?b=c' },
      ]);
    }),
  );

  test('a tunnel is over when both sides are', () =>
    onStage(
      {
        upstream: (app) => {
          app.socket.once('end', () => app.socket.end());
          app.send('HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
        },
      },
      async ({ watch, client }) => {
        client.send(ask('Connection: Upgrade\r\nUpgrade: echo\r\n'));
        await client.until((text) => text.includes(' 101 '));
        expect(watch.logged).toEqual([]);
        client.socket.end();
        await expect
          .poll(() => watch.logged)
          .toMatchObject([{ status: 101, details: 'via_upstream', agent: 'curl' }]);
        expect(watch.traces[0]?.ends).toHaveLength(1);
      },
    ));

  test('without a trace and without a log nobody is told', () =>
    onStage({ watch: watching({ traces: false, logs: false }) }, async ({ watch, client }) => {
      client.send(ask());
      expect(await client.response()).toBe(OK);
      expect(watch).toMatchObject({ logged: [], traces: [] });
    }));
});

describe('the context that an upstream gets', () => {
  const theirs = 'traceparent: 00-11111111111111111111111111111111-2222222222222222-01';

  test.each(['inbound', 'outbound'] as const)('where nothing is traced, %s: what came', (direction) =>
    onStage({ watch: watching({ traces: false }), direction }, async ({ client, heads }) => {
      client.send(ask());
      await client.response();
      expect(context(heads[0])).toEqual([expect.stringMatching(/^x-request-id: /)]);
      client.send(ask(`${theirs}\r\n`));
      await client.response();
      expect(context(heads[1])).toEqual([theirs, expect.stringMatching(/^x-request-id: /)]);
    }),
  );

  test.each(['inbound', 'outbound'] as const)(
    'of what is not recorded, %s: one that says so',
    (direction) => {
      const unrecorded = { ...watching(), tracing: () => ({ begin: () => undefined }) };
      return onStage({ watch: unrecorded, direction }, async ({ client, heads, watch }) => {
        client.send(ask());
        await client.response();
        const [line = ''] = context(heads[0]);
        expect(line).toMatch(/^traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
        expect(watch.logged).toMatchObject([{ sampled: false, spanId: '', traceId: line.slice(16, 48) }]);
        client.send(ask(`${theirs}\r\n`));
        await client.response();
        expect(context(heads[1])).toContain(theirs);
      });
    },
  );

  test.each(['inbound', 'outbound'] as const)('of what is recorded, %s: the span of the try', (direction) =>
    onStage({ direction }, async ({ client, heads }) => {
      client.send(ask(`${theirs}\r\nx-request-id: abc\r\n`));
      await client.response();
      expect(context(heads[0])).toEqual([
        'traceparent: 00-0af7651916cd43dd8448eb211c80319c-1111111111111111-01',
        'x-request-id: abc',
      ]);
    }),
  );

  test('of a second try: its own span, and events say why', () => {
    let requests = 0;
    const upstream: Upstream = (client) =>
      requests++ === 0 ? client.socket.resetAndDestroy() : client.send(OK);
    const change = (decision: ForwardDecision): RouteDecision => ({
      ...decision,
      countAttempts: true,
      retry: { ...decision.retry, on: { ...decision.retry.on, reset: true } },
    });
    return onStage({ upstream, change }, async ({ client, heads, watch }) => {
      client.send(ask());
      expect(await client.response()).toBe(OK);
      expect(heads.map((head) => context(head)[0])).toEqual(
        ['1', '2'].map((n) => `traceparent: 00-0af7651916cd43dd8448eb211c80319c-${n.repeat(16)}-01`),
      );
      expect(heads.map((head) => /x-envoy-attempt-count: +(\d)/.exec(head)?.[1])).toEqual(['1', '2']);
      expect(watch.traces[0]).toMatchObject({
        events: ['retry'],
        tries: [{ ended: { status: 0, flag: 'UC' } }, { ended: { status: 200, flag: '-' } }],
      });
      expect(watch.logged).toMatchObject([{ tries: 2, flag: '-' }]);
    });
  });

  test('a try that puts its endpoint out is told of', async () => {
    class Fragile extends FakeEndpoint {
      ejections = 0;
      override end(startMs: number, outcome: Outcome): void {
        super.end(startMs, outcome);
        if (outcome !== 'success') this.ejections += 1;
      }
    }
    await using app = await startRawServer((client) => client.socket.destroy());
    const watch = watching();
    const target = watched(targetOf({ cluster: new FakeCluster(new Fragile(app.port)) }));
    await using sidecar = await startSidecar(target, 'outbound', undefined, undefined, undefined, watch);
    const client = sidecar.connect();
    client.send(ask());
    await client.response();
    expect(watch.traces).toMatchObject([{ events: ['ejected'], tries: [{ ended: { flag: 'UC' } }] }]);
  });

  test('of a mirror: the same trace, and the span here', async () => {
    await using shadow = await startRawServer(answers);
    const cluster: Cluster = new FakeCluster(new FakeEndpoint(shadow.port));
    const change = (decision: ForwardDecision): RouteDecision => ({
      ...decision,
      mirrors: [{ cluster: () => cluster, share: ALL }],
    });
    await onStage({ change }, async ({ client, heads }) => {
      client.send(ask());
      await client.response();
      const copy = await (await shadow.connection(0)).until((text) => text.includes('\r\n\r\n'));
      expect(copy).toContain('host: App.test-shadow\r\n');
      expect(context(copy)[0]).toBe('traceparent: 00-0af7651916cd43dd8448eb211c80319c-9999999999999999-01');
      expect(context(heads[0])[0]).toBe(
        'traceparent: 00-0af7651916cd43dd8448eb211c80319c-1111111111111111-01',
      );
    });
  });
});

describe('x-request-id', () => {
  const theirs = 'x-request-id: theirs';
  const fresh = /^x-request-id: [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

  test.each<[string, object, string, RegExp]>([
    ['is kept within the mesh', {}, `${theirs}\r\n`, /^x-request-id: theirs$/],
    ['is made where there is none', {}, '', fresh],
    ['is made anew at the edge', { edge: true }, `${theirs}\r\nX-Request-Id: again\r\n`, fresh],
    [
      'is kept at the edge where it says so',
      { edge: true, preserveRequestId: true },
      `${theirs}\r\n`,
      /^x-request-id: theirs$/,
    ],
  ])('%s', (_, target, lines, expected) =>
    onStage({ watch: watching({ traces: false }), target }, async ({ client, heads }) => {
      client.send(ask(lines));
      await client.response();
      expect(heads[0]?.match(/^x-request-id: .*(?=\r)/gim)).toEqual([expect.stringMatching(expected)]);
    }),
  );
});
