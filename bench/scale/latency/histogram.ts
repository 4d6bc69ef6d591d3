/**
 * Counts of durations in buckets that grow with the value, as HdrHistogram's do: no allocation per value, and every percentile
 * within half a percent whatever the range. A plain list of samples would be collected while it grows.
 */

/** A value is kept in units of this; 2^31 of them are 3.5 minutes. */
const UNIT_MS = 0.0001;
/** Buckets for each doubling: 2^8 of them keep the error below 1/256. */
const PRECISION_BITS = 8;
const BUCKETS_PER_DOUBLING = 2 ** PRECISION_BITS;
const LARGEST = 2 ** 31 - 1;

export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS_PER_DOUBLING * (32 - PRECISION_BITS));
  #total = 0;

  get total(): number {
    return this.#total;
  }

  record(ms: number): void {
    const units = Math.min(LARGEST, Math.max(0, Math.round(ms / UNIT_MS)));
    this.#counts[bucketOf(units)]! += 1;
    this.#total += 1;
  }

  /** Nearest rank, ms: the middle of the bucket of the value that `share` of all do not exceed. NaN when nothing was recorded. */
  percentile(share: number): number {
    let left = Math.max(1, Math.ceil(share * this.#total));
    for (let bucket = 0; bucket < this.#counts.length; bucket += 1) {
      left -= this.#counts[bucket]!;
      if (left <= 0) return middleOf(bucket) * UNIT_MS;
    }
    return Number.NaN;
  }
}

/** The first 2^8 values have a bucket each; above, a bucket is as wide as the doubling asks. */
function bucketOf(units: number): number {
  if (units < BUCKETS_PER_DOUBLING) return units;
  const shift = 31 - Math.clz32(units) - PRECISION_BITS;
  return BUCKETS_PER_DOUBLING * shift + (units >> shift);
}

function middleOf(bucket: number): number {
  if (bucket < 2 * BUCKETS_PER_DOUBLING) return bucket;
  const shift = Math.floor(bucket / BUCKETS_PER_DOUBLING) - 1;
  const first = (bucket - BUCKETS_PER_DOUBLING * shift) * 2 ** shift;
  return first + (2 ** shift - 1) / 2;
}
