/** Draws from a seeded source. */
import type { Random } from '#api/foundation/random.ts';

export class Dice {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** 0 to `bound - 1`. */
  below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }

  /** True in one of `n` draws. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** Mostly the first, rarely one of the others. */
  usually<T>(first: T, others: readonly T[]): T {
    return this.oneIn(6) ? this.pick(others) : first;
  }

  /** Up to `most` draws, one behind the other. */
  several(most: number, draw: () => string): string {
    let text = '';
    for (let left = this.below(most + 1); left > 0; left--) text += draw();
    return text;
  }
}
