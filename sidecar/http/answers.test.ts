/** What the log says of the answers that a sidecar gives itself. */

import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { systemClock } from '#api/foundation/clock.ts';
import { createLogger } from '#api/foundation/logger.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { startInterception } from '#sidecar/intercept/interception.ts';
import type { ForwardDecision, RouteDecision } from '#sidecar/routing/route-table.ts';
import {
  FakeCluster,
  FakeTelemetry,
  forwardTo,
  snapshotOf,
  tableOf,
  targetOf,
  UNWATCHED,
} from './testing/fakes.ts';
import { Client, ORIGINAL } from './testing/sidecar-under-test.ts';

const NOWHERE = new FakeCluster();
const FORWARD = forwardTo(NOWHERE, { timeoutMs: 1_000 }) as ForwardDecision;
const GET = 'GET /a?token=secret HTTP/1.1\r\nHost: app.test\r\nAuthorization: secret\r\n\r\n';
const SEEN = { method: 'GET', path: '/a', authority: 'app.test' };

async function logged(decision: RouteDecision, request: string): Promise<Record<string, unknown>> {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line));
  const table = tableOf(() => decision);
  const routes = () => ({ state: 'found' as const, value: table });
  const interception = await startInterception({
    direction: 'outbound',
    host: '127.0.0.1',
    port: 0,
    snapshot: snapshotOf(targetOf({ cluster: NOWHERE, routes })),
    telemetry: new FakeTelemetry(),
    observers: { ...UNWATCHED, metrics: () => new FakeTelemetry() },
    originalDestination: { read: () => ORIGINAL },
    clock: systemClock,
    random: seededRandom(1),
    logger: createLogger({ level: 'info', write, wallMs: () => 0 }),
    pod: 'app-1.ns',
  });
  const client = new Client(connect({ port: interception.address().port, host: '127.0.0.1' }));
  client.send(request);
  await client.response();
  client.socket.destroy();
  interception.close();
  const answers = lines.filter(({ message }) => message === 'answered here');
  expect(answers).toHaveLength(1);
  expect(JSON.stringify(answers)).not.toContain('secret');
  return answers[0]!;
}

test.each<[string, RouteDecision, string, Record<string, unknown>]>([
  [
    'no route',
    { kind: 'reject', status: 404, flag: 'NR', reason: 'no route' },
    GET,
    { ...SEEN, status: 404, flag: 'NR', reason: 'no route' },
  ],
  [
    'no endpoint',
    FORWARD,
    GET,
    {
      ...SEEN,
      status: 503,
      flag: 'UH',
      reason: 'no endpoint of app.test is available',
      route: 'default',
      cluster: 'outbound|80||app.test',
    },
  ],
  [
    'a rewritten request, by the path that it came with',
    { ...FORWARD, rewrite: { path: () => '/b', authority: undefined } },
    GET,
    { ...SEEN, status: 503 },
  ],
  [
    'a direct answer',
    { kind: 'direct', route: 'hello', status: 200, body: Buffer.from('hi') },
    GET,
    { ...SEEN, status: 200, flag: '-', route: 'hello' },
  ],
  [
    'an aborted request',
    { ...FORWARD, fault: { delay: undefined, abort: { status: 555, share: 1_000_000 } } },
    GET,
    { ...SEEN, status: 555, flag: 'FI', route: 'default' },
  ],
])('%s', async (_, decision, request, expected) => {
  expect(await logged(decision, request)).toMatchObject({ hop: 'outbound sidecar of app-1.ns', ...expected });
});

test('a request that cannot be read', async () => {
  const line = await logged(FORWARD, 'GET /secret HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n');
  expect(line).toMatchObject({ status: 400, flag: 'DPE', reason: 'the request has more than one Host' });
  for (const name of ['method', 'path', 'authority', 'route']) expect(line).not.toHaveProperty(name);
});
