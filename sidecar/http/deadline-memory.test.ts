import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import {
  ABANDONED_MS,
  DeadlineMemory,
  MAX_OF_ONE_KEY,
  MAX_REMEMBERED,
  type Remembered,
} from './deadline-memory.ts';

const NONE = Number.POSITIVE_INFINITY;

describe('deadline memory', () => {
  test('knows a request by its id or by its trace, until it ends', () => {
    const memory = new DeadlineMemory(new ManualClock());
    expect(memory.empty).toBe(true);
    const entry = memory.remember(['id', 'trace'], 50);
    expect([['id'], ['trace'], ['other', 'trace'], ['other']].map((keys) => memory.deadlineOf(keys))).toEqual(
      [50, 50, 50, NONE],
    );
    memory.end(entry, false);
    expect(memory.deadlineOf(['id', 'trace'])).toBe(NONE);
    expect(memory.empty).toBe(true);
  });

  test('the first identity that is known decides', () => {
    const memory = new DeadlineMemory(new ManualClock());
    memory.remember(['a', 'trace'], 50);
    memory.remember(['b', 'trace'], 80);
    expect(memory.deadlineOf(['a', 'trace'])).toBe(50);
    expect(memory.deadlineOf(['trace'])).toBe(80);
  });

  test('of requests with one identity the latest counts, as long as it is under way', () => {
    const memory = new DeadlineMemory(new ManualClock());
    memory.remember(['id'], 50);
    const later = memory.remember(['id'], 80);
    const free = memory.remember(['id'], NONE);
    expect(memory.deadlineOf(['id'])).toBe(NONE);
    memory.end(free, false);
    expect(memory.deadlineOf(['id'])).toBe(80);
    memory.end(later, false);
    expect(memory.deadlineOf(['id'])).toBe(50);
  });

  test('a crowd under one identity cuts nobody short', () => {
    const memory = new DeadlineMemory(new ManualClock());
    const crowd = Array.from({ length: MAX_OF_ONE_KEY }, () => memory.remember(['id'], 50));
    expect(memory.deadlineOf(['id'])).toBe(50);
    const beyond = memory.remember(['id'], 5000);
    expect(memory.deadlineOf(['id'])).toBe(NONE);
    for (const entry of crowd.slice(1)) memory.end(entry, false);
    expect(memory.deadlineOf(['id'])).toBe(NONE);
    memory.end(beyond, false);
    expect(memory.deadlineOf(['id'])).toBe(50);
    memory.end(crowd[0]!, false);
    expect(memory.deadlineOf(['id'])).toBe(NONE);
    expect(memory.empty).toBe(true);
  });

  test('requests without a deadline alone cost no looks, and are asked for once one with a deadline comes', () => {
    const memory = new DeadlineMemory(new ManualClock());
    let asked = 0;
    const unnoted = {
      note: () => {
        asked += 1;
        memory.remember(['trace'], NONE, false);
      },
    };
    memory.askLater(unnoted);
    const first = memory.remember(['trace'], 50);
    const second = memory.remember(['trace'], 60);
    expect([asked, memory.deadlineOf(['trace'])]).toEqual([1, NONE]);
    memory.end(first, false);
    memory.end(second, false);
    expect(memory.empty).toBe(true);
    memory.forgetAbout(unnoted);
    memory.remember(['trace'], 70);
    expect(asked).toBe(1);
  });

  test('stops the calls of an abandoned request for a while', () => {
    const clock = new ManualClock();
    const memory = new DeadlineMemory(clock);
    memory.end(memory.remember(['id'], 50), true);
    clock.advance(ABANDONED_MS - 1);
    expect(memory.deadlineOf(['id'])).toBe(50);
    clock.advance(1);
    expect(memory.deadlineOf(['id'])).toBe(NONE);
    expect(memory.empty).toBe(true);
  });

  test('is bounded, and forgets the oldest', () => {
    const memory = new DeadlineMemory(new ManualClock());
    for (let i = 0; i <= MAX_REMEMBERED; i++) memory.end(memory.remember([`id-${i}`], i), true);
    expect(memory.deadlineOf(['id-0'])).toBe(NONE);
    expect(memory.deadlineOf([`id-${MAX_REMEMBERED}`])).toBe(MAX_REMEMBERED);
  });

  test('is empty after whatever came and went', () => {
    const step = fc.record({
      key: fc.nat(3),
      ends: fc.nat(20),
      abandoned: fc.boolean(),
      waitMs: fc.nat(9_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const clock = new ManualClock();
        const memory = new DeadlineMemory(clock);
        const live: Remembered[] = [];
        for (const { key, ends, abandoned, waitMs } of steps) {
          live.push(memory.remember([`k${key}`, 'shared'], clock.nowMs()));
          for (const entry of live.splice(ends)) memory.end(entry, abandoned);
          clock.advance(waitMs);
        }
        for (const entry of live) memory.end(entry, true);
        clock.advance(ABANDONED_MS);
        expect(memory.deadlineOf(['shared', 'k0', 'k1', 'k2', 'k3'])).toBe(NONE);
        expect(memory.empty).toBe(true);
      }),
    );
  });
});
