/** So much at once, so much per time afterwards: Envoy's TokenBucket, filled continuously. */
export interface TokenBucketPolicy {
  /** Most tokens at once, and what it starts with. */
  readonly maxTokens: number;
  readonly tokensPerFill: number;
  /** Above 0. */
  readonly fillIntervalMs: number;
}

export class TokenBucket {
  readonly #policy: TokenBucketPolicy;
  #tokens: number;
  #filledMs: number;

  constructor(policy: TokenBucketPolicy, nowMs: number) {
    this.#policy = policy;
    this.#tokens = policy.maxTokens;
    this.#filledMs = nowMs;
  }

  /** Takes one token; false when there is none. */
  take(nowMs: number): boolean {
    this.#fill(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #fill(nowMs: number): void {
    const { maxTokens, tokensPerFill, fillIntervalMs } = this.#policy;
    const elapsedMs = Math.max(0, nowMs - this.#filledMs);
    this.#filledMs = Math.max(nowMs, this.#filledMs);
    this.#tokens = Math.min(maxTokens, this.#tokens + (elapsedMs * tokensPerFill) / fillIntervalMs);
  }
}
