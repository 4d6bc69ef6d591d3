import type { Random } from '#api/foundation/random.ts';

/**
 * Earliest deadline first, Envoy's way to weigh turns: an item's next turn is `1 / weight` after its last. Items are
 * numbers below `count`. Weights are asked for at each turn, so that they may change. Allocates nothing once made.
 */
export class EdfSchedule {
  readonly #deadlines: Float64Array;
  /** Items as a binary heap by deadline. */
  readonly #heap: Uint32Array;

  /** Starts anywhere in the cycle: sidecars that start together do not march together. */
  constructor(count: number, weightOf: (item: number) => number, random: Random) {
    this.#deadlines = new Float64Array(count);
    this.#heap = new Uint32Array(count);
    for (let item = 0; item < count; item += 1) {
      this.#deadlines[item] = random() / weightOf(item);
      this.#heap[item] = item;
    }
    this.#heap.sort((a, b) => this.#deadlines[a]! - this.#deadlines[b]!);
  }

  /** The item whose turn it is. */
  get first(): number {
    return this.#heap[0]!;
  }

  /** The first item has had its turn; `weight` decides when its next one is. */
  turn(weight: number): void {
    this.#deadlines[this.first]! += 1 / weight;
    this.#sink();
  }

  #sink(): void {
    const heap = this.#heap;
    const item = heap[0]!;
    const deadline = this.#deadlines[item]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#at(child + 1) < this.#at(child)) child += 1;
      if (this.#at(child) >= deadline) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = item;
  }

  #at(place: number): number {
    return this.#deadlines[this.#heap[place]!]!;
  }
}
