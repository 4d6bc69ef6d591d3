/**
 * When requests are due at a constant rate, whatever becomes of those before them. A closed loop, which sends when the last answer
 * came, sends nothing while a proxy stalls and so forgets the stall (coordinated omission); here the requests that became due
 * meanwhile are sent late, and each counts its time from its own moment.
 */
export class OpenLoop {
  readonly #startMs: number;
  readonly #intervalMs: number;
  readonly #total: number;
  #taken = 0;

  constructor(plan: { readonly startMs: number; readonly perSecond: number; readonly total: number }) {
    this.#startMs = plan.startMs;
    this.#intervalMs = 1_000 / plan.perSecond;
    this.#total = plan.total;
  }

  /** The moment of the request that is due next; Infinity after the last. */
  get nextMs(): number {
    return this.#taken < this.#total
      ? this.#startMs + this.#taken * this.#intervalMs
      : Number.POSITIVE_INFINITY;
  }

  /** Takes the next request when it is due by `nowMs`, and returns its moment; undefined when none is. */
  take(nowMs: number): number | undefined {
    const dueMs = this.nextMs;
    if (dueMs > nowMs) return undefined;
    this.#taken += 1;
    return dueMs;
  }
}
