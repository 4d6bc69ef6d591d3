import { describe, expect, test } from 'vitest';
import { CircuitBreakers, DEFAULT_LIMITS, type Waiter } from './circuit-breakers.ts';

const ONE = { ...DEFAULT_LIMITS, maxConnections: 1, maxRetries: 1, retryBudget: undefined };

/** A line of waiters, and the names of those that were let dial. */
function lineIn(breakers: CircuitBreakers, ...names: string[]): string[] {
  const dialled: string[] = [];
  for (const name of names) {
    const waiter: Waiter = {
      dial() {
        breakers.waiting.delete(waiter);
        dialled.push(name);
      },
    };
    breakers.waiting.add(waiter);
  }
  return dialled;
}

describe('circuit breakers', () => {
  test('a breaker refuses at its ceiling, and counts that', () => {
    const { connections } = new CircuitBreakers(ONE);
    expect([connections.take(), connections.open, connections.take()]).toEqual([true, true, false]);
    connections.give();
    expect([connections.take(), connections.overflows]).toEqual([true, 1]);
  });

  test('a connection that is gone lets the first in line dial, in its place', () => {
    const breakers = new CircuitBreakers(ONE);
    breakers.connections.take();
    const dialled = lineIn(breakers, 'a', 'b');
    breakers.giveConnection();
    expect(dialled).toEqual(['a']);
    expect(breakers.connections.used).toBe(1);
    breakers.giveConnection();
    breakers.giveConnection();
    expect(dialled).toEqual(['a', 'b']);
    expect(breakers.connections.used).toBe(0);
  });

  test('a higher ceiling lets as many dial as there is room for', () => {
    const breakers = new CircuitBreakers(ONE);
    breakers.connections.take();
    const dialled = lineIn(breakers, 'a', 'b', 'c');
    breakers.adjust({ ...ONE, maxConnections: 3 });
    expect(dialled).toEqual(['a', 'b']);
    expect(breakers.connections.overflows).toBe(0);
  });

  test.each([
    [0, 3],
    [10, 3],
    [20, 4],
    [100, 20],
  ])('of %i requests under way %i may be retried', (requests, retries) => {
    const breakers = new CircuitBreakers(DEFAULT_LIMITS);
    breakers.requests.used = requests;
    let taken = 0;
    while (breakers.takeRetry()) taken += 1;
    expect(taken).toBe(retries);
    expect(breakers.retried).toBe(retries);
  });

  test('a budget is not spent on what no endpoint saw; a ceiling is', () => {
    const budget = new CircuitBreakers(DEFAULT_LIMITS);
    expect(Array.from({ length: 5 }, () => budget.takeUnseenRetry())).not.toContain(false);
    const ceiling = new CircuitBreakers(ONE);
    expect([ceiling.takeUnseenRetry(), ceiling.takeUnseenRetry()]).toEqual([true, false]);
  });
});
