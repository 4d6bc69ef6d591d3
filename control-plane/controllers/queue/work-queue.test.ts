import { describe, expect, test } from 'vitest';
import { silentLogger } from '#api/foundation/logger.ts';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { until } from '#test/support/until.ts';
import { createWorkQueue } from './work-queue.ts';

function setUp(reconcile: (key: string) => Promise<number | undefined>, concurrency = 8) {
  const clock = new ManualClock();
  const tools = { clock, random: seededRandom(1), logger: silentLogger };
  const gate = Promise.withResolvers<void>();
  const queue = createWorkQueue({ name: 'test', reconcile, concurrency, after: gate.promise }, tools);
  return { clock, queue, open: gate.resolve };
}

describe('a work queue', () => {
  test('does nothing before it may, then each key once however often it was added', async () => {
    const rounds: string[] = [];
    const { queue, open } = setUp(async (key) => void rounds.push(key));
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    await new Promise((resolve) => setImmediate(resolve));
    expect(rounds).toEqual([]);
    open();
    await until(() => rounds.length === 2);
    expect(rounds).toEqual(['a', 'b']);
    await queue.close();
  });

  test('never works on one key twice at the same time, and does not forget what came meanwhile', async () => {
    let active = 0;
    let most = 0;
    let rounds = 0;
    const steps: (() => void)[] = [];
    const { queue, open } = setUp(async () => {
      active += 1;
      rounds += 1;
      most = Math.max(most, active);
      await new Promise<void>((resolve) => steps.push(resolve));
      active -= 1;
      return undefined;
    });
    open();
    queue.add('a');
    await until(() => steps.length === 1);
    queue.add('a');
    queue.add('a');
    steps.shift()?.();
    await until(() => steps.length === 1);
    steps.shift()?.();
    await until(() => active === 0);
    expect([rounds, most]).toEqual([2, 1]);
    await queue.close();
  });

  test('works on different keys at the same time, up to its limit', async () => {
    let active = 0;
    const steps: (() => void)[] = [];
    const { queue, open } = setUp(async () => {
      active += 1;
      await new Promise<void>((resolve) => steps.push(resolve));
      active -= 1;
      return undefined;
    }, 2);
    open();
    for (const key of ['a', 'b', 'c']) queue.add(key);
    await until(() => active === 2);
    steps.shift()?.();
    await until(() => steps.length === 2);
    expect(active).toBe(2);
    for (const step of steps) step();
    await queue.close();
  });

  test('tries again after a failure, later each time, and forgets failures after a success', async () => {
    const at: number[] = [];
    let failing = true;
    const { clock, queue, open } = setUp(async () => {
      at.push(clock.nowMs());
      if (failing) throw new Error('not yet');
      return undefined;
    });
    open();
    queue.add('a');
    await until(
      () => at.length === 6,
      () => clock.advance(1),
    );
    const gaps = at.slice(1).map((ms, i) => ms - (at[i] ?? 0));
    expect(gaps.toSorted((a, b) => a - b)).toEqual(gaps);
    expect(gaps.at(-1)).toBeGreaterThan((gaps[0] ?? 0) * 4);
    failing = false;
    await until(
      () => at.length === 7,
      () => clock.advance(1),
    );
    failing = true;
    queue.add('a');
    await until(
      () => at.length === 9,
      () => clock.advance(1),
    );
    expect((at[8] ?? 0) - (at[7] ?? 0)).toBeLessThanOrEqual(gaps[1] ?? 0);
    await queue.close();
  });

  test('looks again when a round asks for it', async () => {
    const at: number[] = [];
    const { clock, queue, open } = setUp(async () => {
      at.push(clock.nowMs());
      return at.length < 3 ? 1_000 : undefined;
    });
    open();
    queue.add('a');
    await until(
      () => at.length === 3,
      () => clock.advance(100),
    );
    expect((at[2] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(2_000);
    await queue.close();
  });

  test('of several later times the earliest counts', async () => {
    const at: number[] = [];
    const { clock, queue, open } = setUp(async () => void at.push(clock.nowMs()));
    open();
    queue.addAfter('a', 500);
    queue.addAfter('a', 100);
    queue.addAfter('a', 900);
    await until(
      () => at.length === 1,
      () => clock.advance(10),
    );
    expect(at[0]).toBe(100);
    clock.advance(2_000);
    await queue.close();
    expect(at).toHaveLength(1);
  });

  test('closes after the round under way and starts no other', async () => {
    const steps: (() => void)[] = [];
    let rounds = 0;
    const { clock, queue, open } = setUp(async () => {
      rounds += 1;
      await new Promise<void>((resolve) => steps.push(resolve));
      return 1;
    });
    open();
    queue.add('a');
    await until(() => steps.length === 1);
    const closed = queue.close();
    queue.add('b');
    steps.shift()?.();
    await closed;
    clock.advance(1_000);
    expect(rounds).toBe(1);
  });
});
