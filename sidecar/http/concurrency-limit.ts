import type { Random } from '#api/foundation/random.ts';
import {
  AdaptiveConcurrency,
  type AdaptiveConcurrencyPolicy,
} from '#sidecar/upstream/adaptive-concurrency.ts';
import type { LocalReply } from './local-reply.ts';

/** Envoy's envoy.filters.http.adaptive_concurrency. */
export interface ConcurrencyLimitPolicy {
  readonly adaptive: AdaptiveConcurrencyPolicy;
  /** 503 in Envoy unless it is said otherwise; 400 and above. */
  readonly status: number;
}

/** One limit for all connections of a listener: how many of their requests are under way at once. */
export class ConcurrencyLimit {
  readonly #status: number;
  readonly #controller: AdaptiveConcurrency;

  constructor({ adaptive, status }: ConcurrencyLimitPolicy, nowMs: number, random: Random) {
    this.#status = status;
    this.#controller = new AdaptiveConcurrency(adaptive, nowMs, random);
  }

  /** Requests under way. */
  get used(): number {
    return this.#controller.used;
  }

  /** The answer to a request that there is no room for. Undefined admits it: it ends by `answered` or `dropped`, once. */
  admit(nowMs: number): LocalReply | undefined {
    const controller = this.#controller;
    if (controller.take(nowMs)) return undefined;
    const { limit, idealMs } = controller;
    const found =
      idealMs === undefined
        ? 'until its latency is known'
        : 'by what its latency says (adaptive concurrency)';
    return {
      status: this.#status,
      flag: 'UO',
      details: 'reached_concurrency_limit',
      reason: `reached concurrency limit: ${limit} requests at once ${found}`,
    };
  }

  /** Its response is sent whole, whoever made it. */
  answered(startMs: number, nowMs: number): void {
    this.#controller.end(startMs, nowMs);
  }

  /** It ended without a whole response: the client has gone, or the response was cut off. */
  dropped(): void {
    this.#controller.cancel();
  }
}
