import type { Clock, Timer } from '#api/foundation/clock.ts';

interface Entry {
  readonly at: number;
  readonly order: number;
  task: (() => void) | undefined;
}

/** Time that goes from event to event: a binary heap, so that millions of events cost seconds. */
export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #heap: Entry[] = [];

  wallMs(): number {
    return 1_700_000_000_000 + this.#now;
  }

  nowMs(): number {
    return this.#now;
  }

  after(delayMs: number, task: () => void): Timer {
    const entry: Entry = { at: this.#now + Math.max(0, delayMs), order: this.#order++, task };
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
    return {
      cancel: () => {
        entry.task = undefined;
      },
    };
  }

  /** Runs what falls due until then, in order. */
  runUntil(ms: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.at <= ms; next = this.#heap[0]) {
      this.#pop();
      this.#now = next.at;
      next.task?.();
    }
    this.#now = ms;
  }

  #pop(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink();
  }

  #rise(from: number): void {
    const heap = this.#heap;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!before(heap[at]!, heap[parent]!)) return;
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
      at = parent;
    }
  }

  #sink(): void {
    const heap = this.#heap;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && before(heap[child]!, heap[least]!)) least = child;
      }
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
