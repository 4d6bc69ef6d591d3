import { Deadline, type Deadlines } from '#sidecar/tcp/deadlines.ts';
import type { ServerLimits } from './server-limits.ts';

export interface Timed {
  /** The request did not come whole in time. */
  onRequestLate(): void;
  /** The request, or what it became, has taken too long. */
  onStreamTooLong(): void;
}

/** How long a request may take to come, and how long it may take in all: for connections whose listener says so. */
export class StreamTimers {
  readonly #deadlines: Deadlines;
  readonly #limits: ServerLimits;
  readonly #whole: Deadline;
  readonly #life: Deadline;

  constructor(owner: Timed, deadlines: Deadlines, limits: ServerLimits) {
    this.#deadlines = deadlines;
    this.#limits = limits;
    this.#whole = new Deadline(() => owner.onRequestLate());
    this.#life = new Deadline(() => owner.onStreamTooLong());
  }

  /** Undefined where nothing is timed. */
  static for(owner: Timed, deadlines: Deadlines, limits: ServerLimits): StreamTimers | undefined {
    const timed = limits.requestTimeoutMs > 0 || limits.maxStreamMs > 0;
    return timed ? new StreamTimers(owner, deadlines, limits) : undefined;
  }

  /** A head was read; `complete`: with it the whole request. */
  begin(complete: boolean): void {
    const { requestTimeoutMs, maxStreamMs } = this.#limits;
    if (requestTimeoutMs > 0 && !complete) this.#deadlines.set(this.#whole, requestTimeoutMs);
    if (maxStreamMs > 0) this.#deadlines.set(this.#life, maxStreamMs);
  }

  end(): void {
    this.#deadlines.clear(this.#whole);
    this.#deadlines.clear(this.#life);
  }
}
