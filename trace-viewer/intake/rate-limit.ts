/** Token buckets, one for each address. Pure: the clock is an argument. */
export interface RateLimitSettings {
  readonly perSecond: number;
  readonly burst: number;
  /** Addresses that are remembered; the one that was quiet longest is forgotten, and finds its bucket full. */
  readonly peers: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

export class RateLimit {
  readonly #settings: RateLimitSettings;
  /** In the order in which they were last used. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(settings: RateLimitSettings) {
    this.#settings = settings;
  }

  /** True when the peer may have `cost` now. What costs more than a whole burst is never allowed. */
  take(peer: string, cost: number, nowMs: number): boolean {
    const { perSecond, burst, peers } = this.#settings;
    const bucket = this.#buckets.get(peer) ?? { tokens: burst, atMs: nowMs };
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1_000) * perSecond);
    bucket.atMs = nowMs;
    this.#buckets.delete(peer);
    this.#buckets.set(peer, bucket);
    if (this.#buckets.size > peers) this.#buckets.delete(this.#buckets.keys().next().value!);
    if (bucket.tokens < cost) return false;
    bucket.tokens -= cost;
    return true;
  }
}
