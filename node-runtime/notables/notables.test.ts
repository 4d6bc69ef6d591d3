import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '#api/foundation/clock.ts';
import { silentLogger } from '#api/foundation/logger.ts';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { Event } from '#api/kinds/event.ts';
import type { Pod } from '#api/kinds/pod.ts';
import type { Service } from '#api/kinds/service.ts';
import type { Notable, NotableFact } from '#api/mesh/notable.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { followSidecar, linesOf } from './follow-sidecar.ts';
import { notableEvents } from './notable-events.ts';
import { MAX_LINE, readLine } from './notable-line.ts';

const HOST = 'web.shop.svc.cluster.local';
const line = (over: object = {}): string =>
  JSON.stringify({
    ...{ boot: 'b1', seq: 1, atMs: 5, what: 'returned', service: HOST, endpoint: '10.0.0.2:80' },
    ...over,
  });

describe('a line', () => {
  test('of each kind is read, an empty one is nothing', () => {
    expect(readLine('')).toBeUndefined();
    expect(readLine(line())).toMatchObject({ what: 'returned' });
    expect(readLine(line({ what: 'ejected', cause: 'trial', forMs: 30_000 }))).toMatchObject({
      cause: 'trial',
    });
    expect(readLine('{"boot":"b1","seq":4,"missed":3}')).toEqual({ boot: 'b1', seq: 4, missed: 3 });
  });

  const REFUSED: [string, string][] = [
    ['no JSON', 'hello'],
    ['an unknown thing', line({ what: 'exploded' })],
    ['an unknown cause', line({ what: 'ejected', cause: 'mood', forMs: 1 })],
    ['a service with control characters', line({ service: 'web\n\u001b[31m' })],
    ['an endless service', line({ service: 'a'.repeat(300) })],
    ['an endpoint with spaces', line({ endpoint: '10.0.0.2:80 and more words' })],
    ['a member too many', line({ message: 'click here' })],
    ['no number', line({ seq: 'x' })],
    ['a number below 1', line({ seq: 0 })],
    ['an endless ejection', line({ what: 'ejected', cause: 'trial', forMs: 1e12 })],
    ['an endless line', ' '.repeat(MAX_LINE + 1)],
  ];
  test.each(REFUSED)('is refused: %s', (_, text) => expect(() => readLine(text)).toThrow());

  test('may come in pieces, and must end', async () => {
    const read = async (chunks: string[]) => {
      const found: string[] = [];
      for await (const each of linesOf(
        (async function* () {
          yield* chunks;
        })(),
      ))
        found.push(each);
      return found;
    };
    expect(await read(['a', 'b\nc', '\n\n', 'd'])).toEqual(['ab', 'c', '']);
    await expect(read(['x'.repeat(MAX_LINE), 'y'])).rejects.toThrow('does not end');
  });
});

const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop', uid: 's' },
} as Service;
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', namespace: 'shop', uid: 'p' },
} as Pod;
const REPORTER = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'cart-1', namespace: 'shop', uid: 'c' },
} as Pod;

describe('events', () => {
  function start() {
    const clock = new ManualClock();
    const client = new MemoryClient(clock);
    const notable = notableEvents({
      client,
      clock,
      nodeName: 'node',
      clusterDomain: 'cluster.local',
      service: (namespace, name) => (namespace === 'shop' && name === 'web' ? SERVICE : undefined),
      podAt: (address) => (address === '10.0.0.2' ? POD : undefined),
    });
    const tell = (fact: NotableFact, reporter: Pod) => notable({ ...fact, atMs: clock.wallMs() }, reporter);
    const told = async () =>
      (await client.list(Event)).items.map(
        ({ involvedObject, reason, count }) =>
          `${involvedObject.kind}/${involvedObject.name} ${reason} x${count}`,
      );
    return { clock, client, tell, told, notable };
  }
  const ejected = {
    what: 'ejected',
    service: HOST,
    endpoint: '10.0.0.2:80',
    cause: 'consecutive-5xx',
    forMs: 30_000,
  } as const;

  test('of an endpoint: on its pod and on the service, by the sidecar of this node', async () => {
    const { client, tell, told } = start();
    await tell(ejected, REPORTER);
    await tell(ejected, REPORTER);
    expect((await told()).sort()).toEqual(['Pod/web-1 EndpointEjected x2', 'Service/web EndpointEjected x2']);
    const [event] = (await client.list(Event)).items;
    expect(event).toMatchObject({
      type: 'Warning',
      source: { component: 'sidecar', host: 'node' },
      message:
        'shop/cart-1 ejected endpoint 10.0.0.2:80 of web.shop.svc.cluster.local for 30 s: it failed several times in a row (consecutive-5xx)',
    });
  });

  const ROWS: [string, NotableFact, string[]][] = [
    [
      'a return',
      { what: 'returned', service: HOST, endpoint: '10.0.0.9:80' },
      ['Service/web EndpointReturned x1'],
    ],
    [
      'an open breaker',
      { what: 'breaker-opened', service: HOST, breaker: 'requests', limit: 10 },
      ['Service/web CircuitBreakerOpen x1'],
    ],
    [
      'a closed breaker',
      { what: 'breaker-closed', service: HOST, breaker: 'pending', refused: 3 },
      ['Service/web CircuitBreakerClosed x1'],
    ],
    [
      'a host that is no service: on the pod that saw it',
      { what: 'breaker-opened', service: 'api.example.com', breaker: 'pending', limit: 1 },
      ['Pod/cart-1 CircuitBreakerOpen x1'],
    ],
    [
      'a service that does not exist',
      { what: 'returned', service: 'no.shop.svc.cluster.local', endpoint: '10.0.0.2:80' },
      ['Pod/cart-1 EndpointReturned x1', 'Pod/web-1 EndpointReturned x1'],
    ],
  ];
  test.each(ROWS)('of %s', async (_, fact, expected) => {
    const { tell, told } = start();
    await tell(fact, REPORTER);
    expect((await told()).sort()).toEqual(expected);
  });

  test('wait while the API is away, and say when it happened', async () => {
    const { clock, client, tell, notable } = start();
    client.sabotage = () => new Error('connect ECONNREFUSED');
    const at = clock.wallMs();
    const told = tell({ what: 'returned', service: HOST, endpoint: 'x' }, REPORTER);
    for (let i = 0; i < 60; i += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(5_000);
    }
    client.sabotage = () => undefined;
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(5_000);
    await told;
    await notable({ what: 'returned', service: HOST, endpoint: 'y', atMs: 9e15 }, REPORTER);
    const { items } = await client.list(Event);
    const second = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
    expect(items.map(({ count, lastTimestamp }) => [count, lastTimestamp])).toEqual([
      [1, second(at)],
      [1, second(clock.wallMs())],
    ]);
  });

  test('one sidecar cannot keep what others see of a service from being told', async () => {
    const { tell, told } = start();
    for (let i = 0; i < 40; i += 1)
      await tell({ what: 'breaker-opened', service: HOST, breaker: 'requests', limit: i }, REPORTER);
    const honest = { ...REPORTER, metadata: { ...REPORTER.metadata, name: 'till-1' } } as Pod;
    await tell({ what: 'returned', service: HOST, endpoint: 'x' }, honest);
    expect(await told()).toContain('Service/web EndpointReturned x1');
  });

  test('one sidecar cannot fill the API', async () => {
    const { client, tell } = start();
    for (let i = 0; i < 2_000; i += 1)
      await tell({ ...ejected, service: `s${i}.example.com`, endpoint: 'x' }, REPORTER);
    const { items } = await client.list(Event);
    expect(items.reduce((sum, event) => sum + (event.count ?? 0), 0)).toBeLessThanOrEqual(25);
  });
});

describe('following a sidecar', () => {
  let directory: string;
  let server: Server | undefined;
  let letGo: AbortController;
  const asked: string[] = [];
  beforeEach(() => {
    directory = mkdtempSync('/tmp/weft-notables-');
    letGo = new AbortController();
    asked.length = 0;
  });
  afterEach(() => {
    letGo.abort();
    server?.closeAllConnections();
    server?.close();
    rmSync(directory, { recursive: true });
  });

  async function serve(lines: readonly string[]): Promise<void> {
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.write(lines.map((each) => `${each}\n`).join(''));
    });
    await new Promise<void>((resolve) => server?.listen(join(directory, 'admin.sock'), resolve));
  }

  function follow(onTold: (told: readonly Notable[]) => void, clock: Clock = systemClock): Promise<void> {
    const told: Notable[] = [];
    return followSidecar({
      socketPath: join(directory, 'admin.sock'),
      positionPath: join(directory, 'notables.json'),
      clock,
      random: seededRandom(1),
      logger: silentLogger,
      signal: letGo.signal,
      async tell(fact) {
        told.push(fact);
        onTold(told);
      },
    });
  }

  test('reads one that writes without end no faster than things happen', async () => {
    await serve(Array.from({ length: 5_000 }, (_, i) => line({ seq: i + 1 })));
    let count = 0;
    const clock = new ManualClock();
    void follow((told) => {
      count = told.length;
    }, clock);
    await expect.poll(() => count).toBe(512);
    for (let i = 0; i < 20; i += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(100);
    }
    expect(count).toBeLessThan(540);
    expect(count).toBeGreaterThan(520);
  });

  test('tells each once, and one who takes over goes on behind it', async () => {
    await serve([line({ seq: 1 }), '', line({ seq: 2 }), line({ seq: 2 }), line({ seq: 3 })]);
    await new Promise<void>((resolve) => void follow((told) => told.length === 3 && resolve()));
    letGo.abort();
    await expect
      .poll(() => JSON.parse(readFileSync(join(directory, 'notables.json'), 'utf8')))
      .toEqual({ boot: 'b1', seq: 3 });
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));

    letGo = new AbortController();
    await serve([line({ seq: 3 }), line({ boot: 'b2', seq: 1, endpoint: '10.0.0.7:80' })]);
    const first = await new Promise<NotableFact>((resolve) => void follow(([fact]) => resolve(fact!)));
    expect(first).toMatchObject({ endpoint: '10.0.0.7:80' });
    expect(asked).toEqual(['/notables?boot=&after=0', '/notables?boot=b1&after=3']);
  });
});
