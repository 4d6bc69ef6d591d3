/**
 * The deadlines of the requests that the app is busy with, so that the calls which the app makes for one of them inherit
 * what is left of its time although apps rarely forward such a header. What they do forward is the identity of the request
 * (`x-request-id`) or of its trace, and by these the calls are recognized.
 *
 * An entry ends with its request. One whose caller went away or ran out of time stays a little longer: the app goes on
 * working for nobody, and its late calls are to be stopped.
 */
import type { Clock } from '#api/foundation/clock.ts';

/** Requests remembered at once. Beyond it the oldest are forgotten: their calls are only without a deadline. */
export const MAX_REMEMBERED = 8192;

/** How long an abandoned request is remembered. Work that goes on for longer is not for that caller any more. */
export const ABANDONED_MS = 10_000;

/** Requests of one identity kept apart at once: nobody has more who does not mean to be a burden. */
const MAX_OF_ONE_KEY = 64;

/** One request in the app. */
export interface Remembered {
  readonly keys: readonly string[];
  /** Milliseconds of the clock; Infinity for a request without a deadline, or whose deadline begins with its end. */
  deadlineMs: number;
}

interface Abandoned {
  readonly entry: Remembered;
  readonly untilMs: number;
}

export class DeadlineMemory {
  readonly #clock: Clock;
  readonly #live = new Set<Remembered>();
  /** By identity; requests that share one (a caller's calls within one trace) are kept apart. */
  readonly #byKey = new Map<string, Remembered[]>();
  readonly #abandoned: Abandoned[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** False when nothing is remembered, which is the common case and costs no look at the identities. */
  get empty(): boolean {
    return this.#live.size === 0;
  }

  /** A request with the identities `keys` goes to the app. */
  remember(keys: readonly string[], deadlineMs: number): Remembered {
    this.#forgetAbandoned();
    if (this.#live.size >= MAX_REMEMBERED) this.#forget(this.#live.values().next().value!);
    const entry: Remembered = { keys, deadlineMs };
    this.#live.add(entry);
    for (const key of keys) {
      const known = this.#byKey.get(key);
      if (known === undefined) this.#byKey.set(key, [entry]);
      else if (known.length < MAX_OF_ONE_KEY) known.push(entry);
    }
    return entry;
  }

  /** The request is over; `abandoned` says that nobody waits for its answer any more. */
  end(entry: Remembered, abandoned: boolean): void {
    if (!abandoned) {
      this.#forget(entry);
      return;
    }
    if (this.#abandoned.length >= MAX_REMEMBERED) this.#forget(this.#abandoned.shift()!.entry);
    this.#abandoned.push({ entry, untilMs: this.#clock.nowMs() + ABANDONED_MS });
  }

  /**
   * The deadline of the request with the first of `keys` that is known; of several the latest, so that no call is cut that
   * somebody still waits for. Infinity when there is none.
   */
  deadlineOf(keys: readonly string[]): number {
    this.#forgetAbandoned();
    for (const key of keys) {
      const known = this.#byKey.get(key);
      if (known !== undefined)
        return known.reduce((latest, { deadlineMs }) => Math.max(latest, deadlineMs), 0);
    }
    return Number.POSITIVE_INFINITY;
  }

  #forgetAbandoned(): void {
    if (this.#abandoned.length === 0) return;
    const nowMs = this.#clock.nowMs();
    let over = 0;
    while (over < this.#abandoned.length && this.#abandoned[over]!.untilMs <= nowMs) over += 1;
    for (const { entry } of this.#abandoned.splice(0, over)) this.#forget(entry);
  }

  #forget(entry: Remembered): void {
    if (!this.#live.delete(entry)) return;
    for (const key of entry.keys) {
      const left = this.#byKey.get(key)?.filter((other) => other !== entry) ?? [];
      if (left.length > 0) this.#byKey.set(key, left);
      else this.#byKey.delete(key);
    }
  }
}
