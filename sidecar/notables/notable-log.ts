/**
 * The last notable things, numbered, for the one who reads them: it says up to where it has read, and what is still
 * here is told from there, each once. What nobody read in time is forgotten, and that it was is told.
 */
import type { Clock } from '#api/foundation/clock.ts';
import type { Missed, Notable, NotableFact } from '#api/mesh/notable.ts';

/** Some minutes of a mesh that is quite ill; about 50 KiB. */
const KEPT = 256;

export interface Position {
  readonly boot: string;
  readonly after: number;
}

export class NotableLog {
  /** Names this process: numbers of another one mean nothing here. */
  readonly boot: string;
  readonly #clock: Pick<Clock, 'wallMs'>;
  #entries: Notable[] = [];
  #seq = 0;
  #waiting = new Set<() => void>();

  constructor(boot: string, clock: Pick<Clock, 'wallMs'>) {
    this.boot = boot;
    this.#clock = clock;
  }

  note(fact: NotableFact): void {
    this.#seq += 1;
    const entry = { boot: this.boot, seq: this.#seq, atMs: Math.round(this.#clock.wallMs()), ...fact };
    this.#entries.push(entry as Notable);
    if (this.#entries.length > KEPT) this.#entries.shift();
    for (const wake of this.#waiting) wake();
  }

  /** What came after `position`; from the first that is known where it speaks of another process or of what never was. */
  since({ boot, after }: Position): (Notable | Missed)[] {
    const read = boot === this.boot && after <= this.#seq ? after : 0;
    const oldest = this.#entries[0]?.seq ?? this.#seq + 1;
    const missed = oldest - 1 - read;
    const known = this.#entries.slice(Math.max(0, read - oldest + 1));
    return missed > 0 ? [{ boot: this.boot, seq: oldest - 1, missed }, ...known] : known;
  }

  /** Calls back at every entry. Returns the way to stop. */
  onNote(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }
}
