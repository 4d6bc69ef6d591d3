import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { Deadline, Deadlines } from './deadlines.ts';

describe('deadlines', () => {
  test('expire at their time, once', () => {
    const clock = new ManualClock();
    const deadlines = new Deadlines(clock);
    const fired: string[] = [];
    deadlines.set(new Deadline(() => fired.push('a')), 100);
    clock.advance(50);
    deadlines.set(new Deadline(() => fired.push('b')), 100);
    clock.advance(49);
    expect(fired).toEqual([]);
    clock.advance(1);
    expect(fired).toEqual(['a']);
    clock.advance(50);
    expect(fired).toEqual(['a', 'b']);
    clock.advance(1000);
    expect(fired).toEqual(['a', 'b']);
  });

  test('can be set again while they expire', () => {
    const clock = new ManualClock();
    const deadlines = new Deadlines(clock);
    let count = 0;
    const again = new Deadline(() => {
      count += 1;
      if (count < 3) deadlines.set(again, 10);
    });
    deadlines.set(again, 10);
    clock.advance(100);
    expect(count).toBe(3);
  });

  test('behave as one timer each, whatever is set, moved and cleared', () => {
    const step = fc.record({
      which: fc.nat(4),
      act: fc.constantFrom('set', 'set', 'clear'),
      durationMs: fc.constantFrom(5, 10, 30),
      waitMs: fc.nat(12),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const clock = new ManualClock();
        const deadlines = new Deadlines(clock);
        const due = new Map<number, number>();
        const fired: [number, number][] = [];
        const expected: [number, number][] = [];
        const all = [0, 1, 2, 3, 4].map((id) => new Deadline(() => fired.push([clock.nowMs(), id])));
        const pass = (ms: number): void => {
          const until = clock.nowMs() + ms;
          for (const [id, at] of due) if (at <= until) expected.push([at, id]);
          for (const [id, at] of [...due]) if (at <= until) due.delete(id);
          clock.advance(ms);
        };
        for (const { which, act, durationMs, waitMs } of steps) {
          if (act === 'clear') {
            deadlines.clear(all[which]!);
            due.delete(which);
          } else {
            deadlines.set(all[which]!, durationMs);
            due.set(which, clock.nowMs() + durationMs);
          }
          pass(waitMs);
        }
        pass(100);
        const order = ([a, i]: [number, number], [b, j]: [number, number]): number => a - b || i - j;
        expect(fired.sort(order)).toEqual(expected.sort(order));
      }),
    );
  });
});
