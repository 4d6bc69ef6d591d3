import { expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { recordOf } from './testing/records.ts';
import { Traced } from './testing/traced.ts';
import { WallTime } from './wall-time.ts';

const EPOCH = 1_700_000_000_000;

/** Whose wall clock tells whole milliseconds, `step` further on. */
class CoarseClock extends ManualClock {
  stepMs = 0;

  constructor() {
    super(0.4, EPOCH);
  }

  override wallMs(): number {
    return Math.floor(super.wallMs()) + this.stepMs;
  }
}

test('comes close to the truth, and never goes beyond', () => {
  const clock = new CoarseClock();
  const time = new WallTime(clock);
  const errors = Array.from({ length: 50 }, () => {
    time.look();
    const error = time.at(clock.nowMs()) - (EPOCH + clock.nowMs());
    clock.advance(0.37);
    return error;
  });
  for (const error of errors) expect(error).toBeLessThanOrEqual(0.001);
  expect(errors.at(-1)).toBeGreaterThan(-0.05);
  for (let i = 1; i < errors.length; i++) expect(errors[i]!).toBeGreaterThanOrEqual(errors[i - 1]! - 0.001);
});

test.each([-60_000, 60_000])('follows a clock that is set by %i ms', (stepMs) => {
  const clock = new CoarseClock();
  const time = new WallTime(clock);
  time.look();
  clock.stepMs = stepMs;
  time.look();
  expect(Math.abs(time.at(clock.nowMs()) - (EPOCH + clock.nowMs() + stepMs))).toBeLessThanOrEqual(1);
});

test('a clock that is set meanwhile leaves what happened to a request within its span', () => {
  const clock = new CoarseClock();
  const traced = new Traced({}, undefined, {}, clock);
  const { trace } = traced.request([]);
  clock.advance(1);
  trace!.event('retry', clock.nowMs());
  clock.stepMs = 3_600_000;
  traced.request([]);
  clock.advance(1);
  trace!.end(recordOf(), clock.nowMs());
  const { startMs, endMs, events } = traced.spans[0]!;
  expect(events[0]!.atMs).toBeGreaterThanOrEqual(startMs);
  expect(events[0]!.atMs).toBeLessThanOrEqual(endMs);
});
