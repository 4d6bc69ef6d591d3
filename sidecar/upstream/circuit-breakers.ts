/**
 * Envoy's circuit breakers: counters with a ceiling. A breaker is closed while there is room and open at its ceiling;
 * what it refuses is answered at once (503, flag UO), but for a new connection: that is waited for, while `pending` has room.
 */

/** Envoy's proto default is 1024; Istio, and so weft, sets no limit unless asked: this is its number for that. */
export const UNLIMITED = 0xffff_ffff;

export interface CircuitBreakerLimits {
  readonly maxConnections: number;
  readonly maxPendingRequests: number;
  readonly maxRequests: number;
  readonly maxRetries: number;
  /** In place of `maxRetries` (Envoy's retry_budget): a share of the requests under way, 0..1, and a floor. */
  readonly retryBudget: { readonly share: number; readonly floor: number } | undefined;
}

/** The field's usual budget: 20 % of the requests under way, and three at least (Envoy's retry_budget defaults). */
export const DEFAULT_LIMITS: CircuitBreakerLimits = {
  maxConnections: UNLIMITED,
  maxPendingRequests: UNLIMITED,
  maxRequests: UNLIMITED,
  maxRetries: UNLIMITED,
  retryBudget: { share: 0.2, floor: 3 },
};

/** One counter with its ceiling. */
export class Breaker {
  limit: number;
  used = 0;
  /** How often it refused. */
  overflows = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get open(): boolean {
    return this.used >= this.limit;
  }

  /** False: it is open, and that was counted. What is taken must be given back exactly once. */
  take(): boolean {
    if (this.open) {
      this.overflows += 1;
      return false;
    }
    this.used += 1;
    return true;
  }

  /** Takes beyond the ceiling what exists anyway, or must. */
  force(): void {
    this.used += 1;
  }

  give(): void {
    this.used -= 1;
  }
}

/** Somebody who waits for room for a connection. */
export interface Waiter {
  /** There is room, and it is taken: a connection is to be made now. The waiter takes itself out of the line. */
  dial(): void;
}

export class CircuitBreakers {
  readonly connections: Breaker;
  readonly pending: Breaker;
  readonly requests: Breaker;
  readonly retries: Breaker;
  /** Those who wait for a connection to any endpoint of the cluster, the first in front. */
  readonly waiting: Set<Waiter> = new Set();
  /** Tries after the first that ever began. */
  retried = 0;
  #budget: CircuitBreakerLimits['retryBudget'];

  constructor(limits: CircuitBreakerLimits) {
    this.connections = new Breaker(limits.maxConnections);
    this.pending = new Breaker(limits.maxPendingRequests);
    this.requests = new Breaker(limits.maxRequests);
    this.retries = new Breaker(limits.maxRetries);
    this.#budget = limits.retryBudget;
  }

  /** New ceilings; what is under way stays counted. */
  adjust(limits: CircuitBreakerLimits): void {
    this.connections.limit = limits.maxConnections;
    this.pending.limit = limits.maxPendingRequests;
    this.requests.limit = limits.maxRequests;
    this.retries.limit = limits.maxRetries;
    this.#budget = limits.retryBudget;
    this.#letDial();
  }

  /** A connection is gone: who waits longest may make one in its place. */
  giveConnection(): void {
    this.connections.give();
    if (this.waiting.size > 0) this.#letDial();
  }

  /** One more retry may begin; to be given back to `retries`. A request counts as under way from its first try to its end. */
  takeRetry(): boolean {
    this.retries.limit = this.#ceilingOfRetries();
    const taken = this.retries.take();
    if (taken) this.retried += 1;
    return taken;
  }

  /**
   * As `takeRetry`, for a try that no endpoint has seen anything of: a budget keeps retries from adding load to endpoints, and
   * this one adds none, so only a plain ceiling can refuse it.
   */
  takeUnseenRetry(): boolean {
    if (this.#budget === undefined) return this.takeRetry();
    this.retries.force();
    this.retried += 1;
    return true;
  }

  /** How many retries may be under way at this moment; undefined when any number may. */
  get retriesLimit(): number | undefined {
    const limit = this.#ceilingOfRetries();
    return limit === UNLIMITED ? undefined : limit;
  }

  #ceilingOfRetries(): number {
    const budget = this.#budget;
    if (budget === undefined) return this.retries.limit;
    return Math.max(budget.floor, Math.floor(budget.share * this.requests.used));
  }

  #letDial(): void {
    for (const waiter of this.waiting) {
      if (this.connections.open) return;
      this.connections.force();
      waiter.dial();
    }
  }
}
