import { expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import type { NotableFact } from '#api/mesh/notable.ts';
import { CircuitBreakers, DEFAULT_LIMITS } from '#sidecar/upstream/circuit-breakers.ts';
import { BreakerWatch } from './breaker-watch.ts';
import { NotableLog } from './notable-log.ts';
import { notablesPage } from './notables-page.ts';

const service = 'web.shop.svc.cluster.local';
const returned = (endpoint: string): NotableFact => ({ what: 'returned', service, endpoint });

function logOf(count: number): NotableLog {
  const log = new NotableLog('b1', new ManualClock());
  for (let i = 1; i <= count; i += 1) log.note(returned(`10.0.0.${i}:80`));
  return log;
}
const seqs = (entries: readonly { seq: number }[]): number[] => entries.map(({ seq }) => seq);

test('tells from where it was read, from the start to who comes from another process', () => {
  const log = logOf(3);
  expect(seqs(log.since({ boot: 'b1', after: 0 }))).toEqual([1, 2, 3]);
  expect(seqs(log.since({ boot: 'b1', after: 2 }))).toEqual([3]);
  expect(seqs(log.since({ boot: 'b1', after: 3 }))).toEqual([]);
  expect(seqs(log.since({ boot: 'b0', after: 3 }))).toEqual([1, 2, 3]);
  expect(seqs(log.since({ boot: 'b1', after: 99 }))).toEqual([1, 2, 3]);
});

test('forgets what is old, and says how much of it was not read', () => {
  const log = logOf(300);
  const [missed, ...rest] = log.since({ boot: 'b1', after: 4 });
  expect(missed).toEqual({ boot: 'b1', seq: 44, missed: 40 });
  expect(seqs(rest)).toEqual(Array.from({ length: 256 }, (_, i) => 45 + i));
  expect(seqs(log.since({ boot: 'b1', after: 44 }))).toHaveLength(256);
  expect(seqs(log.since({ boot: 'b1', after: 299 }))).toEqual([300]);
});

test('the page tells what is known, what comes, and now and then that it is there', async () => {
  const clock = new ManualClock();
  const log = new NotableLog('b1', clock);
  log.note(returned('10.0.0.1:80'));
  const answer = await notablesPage(log, clock)(new URLSearchParams(), {});
  const lines = (answer.body as AsyncIterable<string>)[Symbol.asyncIterator]();
  expect(JSON.parse((await lines.next()).value)).toMatchObject({ seq: 1, endpoint: '10.0.0.1:80' });
  const next = lines.next();
  log.note(returned('10.0.0.2:80'));
  log.note(returned('10.0.0.3:80'));
  const told = ((await next).value as string).trim().split('\n');
  expect(told.map((line) => JSON.parse(line).seq)).toEqual([2, 3]);
  const quiet = lines.next();
  clock.advance(15_000);
  expect((await quiet).value).toBe('\n');
});

test.each(['-1', 'x', '1.5', '9007199254740993'])('refuses after=%s', async (after) => {
  const page = notablesPage(logOf(1), new ManualClock());
  expect((await page(new URLSearchParams({ after }), {})).status).toBe(400);
});

test('a breaker opens when it refuses, and closes when it has refused nothing for a while', () => {
  const clock = new ManualClock();
  const told: NotableFact[] = [];
  const breakers = new CircuitBreakers({ ...DEFAULT_LIMITS, maxRequests: 1 });
  const watch = new BreakerWatch(
    () => [{ service: { host: service }, breakers }],
    clock,
    (fact) => told.push(fact),
  );
  const overflow = (): void => void breakers.requests.take();

  overflow();
  clock.advance(1_000);
  expect(told).toEqual([]);
  overflow();
  overflow();
  clock.advance(1_000);
  expect(told).toEqual([{ what: 'breaker-opened', service, breaker: 'requests', limit: 1 }]);
  for (let i = 0; i < 20; i += 1) {
    overflow();
    clock.advance(1_000);
  }
  expect(told).toHaveLength(1);
  for (let i = 0; i < 10; i += 1) clock.advance(1_000);
  expect(told.slice(1)).toEqual([{ what: 'breaker-closed', service, breaker: 'requests', refused: 22 }]);
  overflow();
  clock.advance(1_000);
  expect(told.at(-1)).toMatchObject({ what: 'breaker-opened' });
  watch.close();
  overflow();
  for (let i = 0; i < 30; i += 1) clock.advance(1_000);
  expect(told).toHaveLength(3);
});
