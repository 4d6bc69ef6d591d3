/**
 * How much time a request has. Whoever sets a limit (the route, a header, the caller behind the app), the smallest wins.
 * A route's limit counts from the end of the request, as in Envoy, so that a long upload is not late; what a caller has
 * left is counted from the arrival of the head and passes by itself.
 */

/** Milliseconds; Infinity where there is no limit. */
export interface Limits {
  /** Moment on the clock after which nobody waits for the answer. */
  readonly deadlineMs: number;
  /** From the end of the request. */
  readonly requestMs: number;
  /** Of each try. */
  readonly tryMs: number;
}

/** Two limits in milliseconds, of which 0 says that there is none, as routes say it. */
export function smallest(routeMs: number, headerMs: number): number {
  return routeMs > 0 ? Math.min(routeMs, headerMs) : headerMs;
}

export class DeadlineBudget {
  /** Moment after which nobody waits for the answer; Infinity while nothing says so. */
  deadlineMs: number;
  /** What was given to the request when its timer was set. */
  limitMs: number = Number.POSITIVE_INFINITY;
  /** Of each try; Infinity is none. */
  readonly tryMs: number;
  readonly #requestMs: number;

  constructor({ deadlineMs, requestMs, tryMs }: Limits) {
    this.deadlineMs = deadlineMs;
    this.#requestMs = requestMs;
    this.tryMs = tryMs;
  }

  /** The request is complete. Returns how long a timer has to wait from now on; Infinity for none. */
  requestEnded(nowMs: number): number {
    if (nowMs + this.#requestMs >= this.deadlineMs) return this.timerMs(nowMs);
    this.deadlineMs = nowMs + this.#requestMs;
    this.limitMs = this.#requestMs;
    return this.limitMs;
  }

  /** How long a timer has to wait from now on while the request is still coming; Infinity for none. */
  timerMs(nowMs: number): number {
    this.limitMs = roundedUp(this.deadlineMs - nowMs);
    return this.limitMs;
  }

  isLate(nowMs: number): boolean {
    return nowMs >= this.deadlineMs;
  }

  /** What the endpoint of a try that is sent now is told to have: at least 1 ms, since what is late is not sent. */
  toldMs(nowMs: number): number {
    const leftMs = Math.min(this.deadlineMs - nowMs, this.#requestMs, this.tryMs);
    return Math.max(1, Math.floor(leftMs));
  }
}

/**
 * A duration for a timer that is one of few, so that timers of one duration can share: exact below 64 ms, and above at
 * most 1/32 longer. What a route says is one of few already; what a caller says may be anything.
 */
export function roundedUp(durationMs: number): number {
  if (durationMs === Number.POSITIVE_INFINITY) return durationMs;
  const ms = Math.max(1, Math.ceil(durationMs));
  const unit = 2 ** Math.max(0, 31 - Math.clz32(Math.min(ms, 2 ** 30)) - 5);
  return Math.ceil(ms / unit) * unit;
}
