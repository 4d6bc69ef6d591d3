import type { LocalReply } from './local-reply.ts';
import { TokenBucket, type TokenBucketPolicy } from './token-bucket.ts';

/** Envoy's envoy.filters.http.local_ratelimit, the part that counts for everybody alike. */
export interface LocalRateLimitPolicy {
  /** What the listener calls it, for whoever is turned away. */
  readonly name: string;
  readonly bucket: TokenBucketPolicy;
  /** 429 in Envoy unless it is said otherwise; 400 and above. */
  readonly status: number;
  /** Of a million requests, how many are held to the limit: the rest passes and costs no token. */
  readonly share: number;
}

/** One bucket for all connections of a listener. */
export class LocalRateLimit {
  readonly #policy: LocalRateLimitPolicy;
  readonly #bucket: TokenBucket;
  readonly #refusal: LocalReply;

  constructor(policy: LocalRateLimitPolicy, nowMs: number) {
    const { maxTokens, tokensPerFill, fillIntervalMs } = policy.bucket;
    this.#policy = policy;
    this.#bucket = new TokenBucket(policy.bucket, nowMs);
    this.#refusal = {
      status: policy.status,
      flag: 'RL',
      details: 'local_rate_limited',
      reason: `rate limit "${policy.name}" lets ${maxTokens} requests through at once and ${tokensPerFill} every ${fillIntervalMs} ms`,
    };
  }

  /** The answer to a request that is one too many; undefined lets it through. `draw` is in [0, 1). */
  judge(nowMs: number, draw: number): LocalReply | undefined {
    if (draw * 1_000_000 >= this.#policy.share) return undefined;
    return this.#bucket.take(nowMs) ? undefined : this.#refusal;
  }
}
