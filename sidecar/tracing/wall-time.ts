/**
 * Wall-clock times with the fractions that a monotonic clock has. The wall clock tells whole milliseconds, cut off: the
 * largest difference of the two that was seen is nearest to the truth. Spans of two proxies then stand in order, where their
 * times would else be wrong by up to a millisecond.
 */
import type { Clock } from '#api/foundation/clock.ts';

/** Below this the wall clock is believed to have been set back. */
const SET_BACK_MS = 5;

export class WallTime {
  readonly #clock: Clock;
  #offset = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds since the epoch at `nowMs`, which is the present or shortly before. */
  at(nowMs: number): number {
    return this.#offset + nowMs;
  }

  /** Looks at both clocks. */
  look(): void {
    const offset = this.#clock.wallMs() - this.#clock.nowMs();
    if (offset > this.#offset || offset < this.#offset - SET_BACK_MS) this.#offset = offset;
  }
}
