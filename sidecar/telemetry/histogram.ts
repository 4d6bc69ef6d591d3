/** Envoy's default bucket bounds, which Istio's histograms have: milliseconds for durations, bytes for sizes. */
export const BUCKET_BOUNDS: readonly number[] = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000,
  1_800_000, 3_600_000,
];
const BUCKETS = BUCKET_BOUNDS.length + 1;

/** Counts by bucket, and a sum, in one typed array: what a finished request writes. */
export class Histogram {
  /** One count per bucket (the last has no bound), then the sum. */
  readonly #slots = new Float64Array(BUCKETS + 1);

  observe(value: number): void {
    let bucket = 0;
    while (bucket < BUCKETS - 1 && value > BUCKET_BOUNDS[bucket]!) bucket += 1;
    this.#slots[bucket]! += 1;
    this.#slots[BUCKETS]! += value;
  }

  add(other: Histogram): void {
    for (const [slot, value] of other.#slots.entries()) this.#slots[slot]! += value;
  }

  get sum(): number {
    return this.#slots[BUCKETS]!;
  }

  /** Counts of values up to each bound, then of all. */
  cumulative(): number[] {
    let total = 0;
    return Array.from({ length: BUCKETS }, (_, bucket) => {
      total += this.#slots[bucket]!;
      return total;
    });
  }
}
