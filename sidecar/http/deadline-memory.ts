/**
 * The deadlines of the requests that the app is busy with, so that the calls which the app makes for one of them inherit
 * what is left of its time although apps rarely forward such a header. What they do forward is the identity of the request
 * (`x-request-id`) or of its trace, and by these the calls are recognized.
 *
 * An entry ends with its request. One whose caller went away or ran out of time stays a little longer: the app goes on
 * working for nobody, and its late calls are to be stopped.
 *
 * Requests without a deadline are noted only while others have one, since they may share an identity with these, and
 * their calls must not be cut. That others have one may turn out later: then all that are under way are asked.
 */
import type { Clock } from '#api/foundation/clock.ts';

/** Requests remembered at once. Beyond it the oldest are forgotten: their calls are only without a deadline. */
export const MAX_REMEMBERED = 8192;

/** How long an abandoned request is remembered. Work that goes on for longer is not for that caller any more. */
export const ABANDONED_MS = 10_000;

/** Requests of one identity kept apart at once. While there are more, their calls are without a deadline. */
export const MAX_OF_ONE_KEY = 64;

/** One request in the app. */
export interface Remembered {
  readonly keys: readonly string[];
  /** Milliseconds of the clock; Infinity for a request without a deadline, or whose deadline begins with its end. */
  deadlineMs: number;
  /** It has a deadline, or will have. */
  readonly limited: boolean;
}

/** Somebody whose request may go on unnoted. */
export interface Unnoted {
  /** Requests with a deadline are there from now on: its own is to be remembered, if one is under way. */
  note(): void;
}

/** Requests with one identity. */
interface Namesakes {
  readonly listed: Remembered[];
  /** How many there are beyond these. */
  unlisted: number;
}

interface Abandoned {
  readonly entry: Remembered;
  readonly untilMs: number;
}

export class DeadlineMemory {
  readonly #clock: Clock;
  readonly #live = new Set<Remembered>();
  /** By identity; requests that share one (a caller's calls within one trace) are kept apart. */
  readonly #byKey = new Map<string, Namesakes>();
  readonly #abandoned: Abandoned[] = [];
  readonly #unnoted = new Set<Unnoted>();
  /** Requests with a deadline. */
  #limited = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** False when nothing limits any request, which is the common case and costs no look at the identities. */
  get empty(): boolean {
    return this.#limited === 0;
  }

  /** From now on until `forgetAbout`, it is asked for its request when that matters. */
  askLater(unnoted: Unnoted): void {
    this.#unnoted.add(unnoted);
  }

  forgetAbout(unnoted: Unnoted): void {
    this.#unnoted.delete(unnoted);
  }

  /** A request with the identities `keys` goes to the app. */
  remember(keys: readonly string[], deadlineMs: number, limited = true): Remembered {
    this.#forgetAbandoned();
    if (this.#live.size >= MAX_REMEMBERED) this.#forget(this.#live.values().next().value!);
    const entry: Remembered = { keys, deadlineMs, limited };
    this.#live.add(entry);
    for (const key of keys) this.#list(key, entry);
    if (limited) {
      this.#limited += 1;
      if (this.#limited === 1) for (const unnoted of this.#unnoted) unnoted.note();
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
      if (known !== undefined) return latestOf(known);
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
    if (entry.limited) this.#limited -= 1;
    for (const key of entry.keys) this.#unlist(key, entry);
  }

  #list(key: string, entry: Remembered): void {
    const known = this.#byKey.get(key);
    if (known === undefined) this.#byKey.set(key, { listed: [entry], unlisted: 0 });
    else if (known.listed.length < MAX_OF_ONE_KEY) known.listed.push(entry);
    else known.unlisted += 1;
  }

  #unlist(key: string, entry: Remembered): void {
    const known = this.#byKey.get(key);
    if (known === undefined) return;
    const at = known.listed.indexOf(entry);
    if (at >= 0) known.listed.splice(at, 1);
    else known.unlisted -= 1;
    if (known.listed.length + known.unlisted === 0) this.#byKey.delete(key);
  }
}

function latestOf({ listed, unlisted }: Namesakes): number {
  if (unlisted > 0) return Number.POSITIVE_INFINITY;
  return listed.reduce((latest, { deadlineMs }) => Math.max(latest, deadlineMs), 0);
}
