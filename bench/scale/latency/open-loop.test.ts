import { describe, expect, it } from 'vitest';
import { OpenLoop } from './open-loop.ts';

const loopOf = (total: number): OpenLoop => new OpenLoop({ startMs: 100, perSecond: 1_000, total });

function taken(loop: OpenLoop, nowMs: number): number[] {
  const moments: number[] = [];
  for (let due = loop.take(nowMs); due !== undefined; due = loop.take(nowMs)) moments.push(due);
  return moments;
}

describe('an open loop', () => {
  it('has nothing due before its start', () => {
    const loop = loopOf(3);
    expect(loop.take(99.9)).toBeUndefined();
    expect(loop.nextMs).toBe(100);
  });

  it('gives each request its own moment, whenever it is taken', () => {
    const loop = loopOf(5);
    expect(taken(loop, 100)).toEqual([100]);
    expect(taken(loop, 103.5)).toEqual([101, 102, 103]);
    expect(loop.nextMs).toBe(104);
  });

  it('ends after the last', () => {
    const loop = loopOf(2);
    expect(taken(loop, 1_000_000)).toEqual([100, 101]);
    expect(loop.nextMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('does not drift: the last of a long run is due where the rate says', () => {
    const loop = new OpenLoop({ startMs: 0, perSecond: 3, total: 30_001 });
    expect(taken(loop, 10_000_000).at(-1)).toBeCloseTo(10_000_000, 6);
  });
});
