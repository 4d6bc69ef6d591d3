/**
 * Deadlines for thousands of connections at the price of two pointers each: those of one duration fall due in the
 * order in which they were set, so each duration has a list, and each list one timer, for its first entry.
 */
import type { Clock, Timer } from '#api/foundation/clock.ts';

/** One thing that may fall due. Made once per connection and set again for each request. */
export class Deadline {
  atMs = 0;
  list: DeadlineList | undefined;
  previous: Deadline | undefined;
  next: Deadline | undefined;
  readonly expire: () => void;

  constructor(expire: () => void) {
    this.expire = expire;
  }
}

class DeadlineList {
  readonly durationMs: number;
  first: Deadline | undefined;
  last: Deadline | undefined;
  timer: Timer | undefined;

  constructor(durationMs: number) {
    this.durationMs = durationMs;
  }

  append(deadline: Deadline): void {
    deadline.list = this;
    deadline.previous = this.last;
    deadline.next = undefined;
    if (this.last === undefined) this.first = deadline;
    else this.last.next = deadline;
    this.last = deadline;
  }

  remove(deadline: Deadline): void {
    if (deadline.previous === undefined) this.first = deadline.next;
    else deadline.previous.next = deadline.next;
    if (deadline.next === undefined) this.last = deadline.previous;
    else deadline.next.previous = deadline.previous;
    deadline.list = undefined;
    deadline.previous = undefined;
    deadline.next = undefined;
  }
}

export class Deadlines {
  readonly #clock: Clock;
  readonly #lists = new Map<number, DeadlineList>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Lets `deadline` expire `durationMs` from now, instead of whenever it was set for before. `nowMs`: the time, if it was just
   * read.
   */
  set(deadline: Deadline, durationMs: number, nowMs: number = this.#clock.nowMs()): void {
    this.clear(deadline);
    let list = this.#lists.get(durationMs);
    if (list === undefined) {
      list = new DeadlineList(durationMs);
      this.#lists.set(durationMs, list);
    }
    deadline.atMs = nowMs + durationMs;
    list.append(deadline);
    if (list.timer === undefined) this.#arm(list, durationMs);
  }

  clear(deadline: Deadline): void {
    deadline.list?.remove(deadline);
  }

  /** The timer of an empty list is left to run out, so that a busy list does not arm one per request. */
  #arm(list: DeadlineList, delayMs: number): void {
    list.timer = this.#clock.after(delayMs, () => this.#fire(list));
  }

  #fire(list: DeadlineList): void {
    list.timer = undefined;
    const now = this.#clock.nowMs();
    for (let due = list.first; due !== undefined && due.atMs <= now; due = list.first) {
      list.remove(due);
      due.expire();
    }
    if (list.first === undefined) this.#lists.delete(list.durationMs);
    else if (list.timer === undefined) this.#arm(list, Math.max(1, list.first.atMs - now));
  }
}
