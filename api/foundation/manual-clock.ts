import type { Clock, Timer } from './clock.ts';

interface Entry {
  at: number;
  order: number;
  task: () => void;
}

/** A clock that only moves when told to: the one that simulations and tests use. */
export class ManualClock implements Clock {
  #now: number;
  #order = 0;
  #entries: Entry[] = [];
  readonly #epochMs: number;

  constructor(startMs = 0, epochMs = 1_700_000_000_000) {
    this.#now = startMs;
    this.#epochMs = epochMs;
  }

  wallMs(): number {
    return this.#epochMs + this.#now;
  }

  nowMs(): number {
    return this.#now;
  }

  after(delayMs: number, task: () => void): Timer {
    const entry: Entry = { at: this.#now + Math.max(0, delayMs), order: this.#order++, task };
    this.#entries.push(entry);
    return {
      cancel: () => {
        this.#entries = this.#entries.filter((other) => other !== entry);
      },
    };
  }

  /** Moves time forward by `ms`, running what falls due on the way, in order. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#entries
        .filter((entry) => entry.at <= until)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (next === undefined) break;
      this.#entries = this.#entries.filter((entry) => entry !== next);
      this.#now = next.at;
      next.task();
    }
    this.#now = until;
  }
}
