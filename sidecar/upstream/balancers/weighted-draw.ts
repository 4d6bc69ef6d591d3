import type { Random } from '#api/foundation/random.ts';
import type { Weights } from './weights.ts';

/** While endpoints warm up, their weights are looked at this often, milliseconds. */
const REFRESH_MS = 100;

/** Draws indices in proportion to weights. */
export class WeightedDraw {
  readonly #weights: Weights;
  readonly #random: Random;
  /** Sums of the weights up to and with each index. */
  readonly #sums: Float64Array;
  #freshUntilMs = Number.NEGATIVE_INFINITY;

  constructor(count: number, weights: Weights, random: Random) {
    this.#weights = weights;
    this.#random = random;
    this.#sums = new Float64Array(count);
  }

  draw(nowMs: number): number {
    if (nowMs >= this.#freshUntilMs) this.#refresh(nowMs);
    return this.#find(this.#random() * this.#sums.at(-1)!);
  }

  /** As `draw` a moment ago, but never `other`; there are two at least. */
  drawOther(other: number): number {
    const before = other === 0 ? 0 : this.#sums[other - 1]!;
    const own = this.#sums[other]! - before;
    const at = this.#random() * (this.#sums.at(-1)! - own);
    const index = this.#find(at < before ? at : at + own);
    if (index !== other) return index;
    return other + 1 < this.#sums.length ? other + 1 : other - 1;
  }

  /** An index's part of the whole, 0..1. */
  share(index: number): number {
    const before = index === 0 ? 0 : this.#sums[index - 1]!;
    return (this.#sums[index]! - before) / this.#sums.at(-1)!;
  }

  #refresh(nowMs: number): void {
    let sum = 0;
    for (let i = 0; i < this.#sums.length; i += 1) {
      sum += this.#weights.of(i, nowMs);
      this.#sums[i] = sum;
    }
    this.#freshUntilMs = this.#weights.warming(nowMs) ? nowMs + REFRESH_MS : Number.POSITIVE_INFINITY;
  }

  /** The first index whose sum is above `at`. */
  #find(at: number): number {
    let low = 0;
    let high = this.#sums.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sums[middle]! > at) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
