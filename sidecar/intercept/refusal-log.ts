import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';

/** How long the same reason is only counted. */
const PAUSE_MS = 1_000;

/** Reasons that are kept apart; they are few and do not quote clients. */
const MAX_REASONS = 100;

interface Told {
  atMs: number;
  since: number;
}

/** Connections that were turned away for want of room: one line a second for each reason, with how many there were. */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #told = new Map<string, Told>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Writes the line, with how many were left out since the last one, or leaves it out. */
  write(reason: string): void {
    const nowMs = this.#clock.nowMs();
    const told = this.#told.get(reason);
    if (told !== undefined && nowMs - told.atMs < PAUSE_MS) {
      told.since += 1;
      return;
    }
    this.#logger.warn('a connection was refused', { reason, also: told?.since ?? 0 });
    if (this.#told.size >= MAX_REASONS) this.#told.clear();
    this.#told.set(reason, { atMs: nowMs, since: 0 });
  }
}
