import { describe, expect, it } from 'vitest';
import { createBackoff } from './backoff.ts';
import { sleep, systemClock } from './clock.ts';
import { ManualClock } from './manual-clock.ts';
import { seededRandom } from './random.ts';

describe('ManualClock', () => {
  it('runs timers in the order in which they fall due, at their time', () => {
    const clock = new ManualClock();
    const seen: string[] = [];
    clock.after(20, () => seen.push(`b@${clock.nowMs()}`));
    clock.after(10, () => {
      seen.push(`a@${clock.nowMs()}`);
      clock.after(5, () => seen.push(`c@${clock.nowMs()}`));
    });
    clock.after(12, () => seen.push('cancelled')).cancel();
    clock.advance(30);
    expect(seen).toEqual(['a@10', 'c@15', 'b@20']);
    expect(clock.nowMs()).toBe(30);
  });
});

describe('systemClock', () => {
  it('does not run at once what is further off than a timer holds', async () => {
    let ran = false;
    const far = systemClock.after(1e13, () => {
      ran = true;
    });
    await new Promise<void>((resolve) => systemClock.after(10, resolve));
    far.cancel();
    expect(ran).toBe(false);
  });
});

describe('sleep', () => {
  it('ends when its time has come', async () => {
    const clock = new ManualClock();
    const done = sleep(clock, 100);
    clock.advance(100);
    await expect(done).resolves.toBeUndefined();
  });

  it('rejects with the reason of the signal', async () => {
    const controller = new AbortController();
    const done = sleep(new ManualClock(), 100, controller.signal);
    controller.abort(new Error('enough'));
    await expect(done).rejects.toThrow('enough');
  });
});

describe('seededRandom', () => {
  it('repeats itself for a seed and differs between seeds', () => {
    const draw = (seed: number): number[] => Array.from({ length: 5 }, seededRandom(seed));
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it('spreads evenly over [0, 1)', () => {
    const random = seededRandom(1);
    const buckets = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i++) buckets[Math.floor(random() * 10)]! += 1;
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});

describe('createBackoff', () => {
  it('doubles up to its limit and starts again after a success', () => {
    const backoff = createBackoff({ initialMs: 100, maxMs: 500, factor: 2, jitter: 0 }, () => 0.5);
    expect([1, 2, 3, 4].map(() => backoff.nextMs())).toEqual([100, 200, 400, 500]);
    backoff.reset();
    expect(backoff.nextMs()).toBe(100);
  });

  it('varies only its share of jitter', () => {
    const lowest = createBackoff({ initialMs: 100, maxMs: 500, factor: 2, jitter: 0.2 }, () => 0);
    expect(lowest.nextMs()).toBeCloseTo(80);
  });
});
