import type { Clock, Timer } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Probe } from '#api/kinds/pod-spec.ts';
import { count, startTally, type Tally } from './tally.ts';

export interface Outcome {
  readonly ok: boolean;
  /** Why it failed, for an event; bounded by whoever runs the probe. */
  readonly message: string;
}

export interface ProberOptions {
  readonly probe: Probe;
  /** What holds until a threshold is reached. */
  readonly initially: boolean;
  /**
   * Try often until the first success: a server that comes up after 80 ms is not ready only at the next period.
   * Failures in between do not count.
   */
  readonly eager: boolean;
  /** Since when the container runs; the initial delay counts from there. */
  readonly runningForMs: number;
  readonly run: (timeoutMs: number) => Promise<Outcome>;
  readonly clock: Clock;
  /** After every outcome that counts. */
  readonly onTally: (tally: Tally, outcome: Outcome) => void;
}

const EAGER_FIRST_MS = 40;

/** Runs one probe of one container over and over. One try at a time; the next starts a period after the last one did. */
export class Prober {
  readonly #options: ProberOptions;
  #tally: Tally;
  #timer: Timer;
  #stopped = false;
  #countedAtMs: number;
  #eagerMs = EAGER_FIRST_MS;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#tally = startTally(options.initially);
    const delayMs = Math.max(0, options.probe.initialDelaySeconds * 1000 - options.runningForMs);
    this.#countedAtMs = options.clock.nowMs() + delayMs;
    this.#timer = options.clock.after(delayMs, () => void this.#try());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer.cancel();
  }

  async #try(): Promise<void> {
    const { clock, probe, run } = this.#options;
    const startedAtMs = clock.nowMs();
    const outcome = await run(probe.timeoutSeconds * 1000).catch(
      (error: unknown): Outcome => ({ ok: false, message: messageOf(error) }),
    );
    if (this.#stopped) return;
    const counts = outcome.ok || !this.#isEager() || this.#periodIsOver(startedAtMs);
    if (counts) this.#count(outcome, startedAtMs);
    if (this.#stopped) return;
    const nextAtMs = startedAtMs + this.#delayMs();
    this.#timer = clock.after(Math.max(0, nextAtMs - clock.nowMs()), () => void this.#try());
  }

  #count(outcome: Outcome, startedAtMs: number): void {
    this.#countedAtMs = startedAtMs;
    this.#tally = count(this.#tally, outcome.ok, this.#options.probe);
    this.#options.onTally(this.#tally, outcome);
  }

  /** Before the first threshold is reached, in either direction. */
  #isEager(): boolean {
    return this.#options.eager && !this.#tally.decided;
  }

  #periodIsOver(nowMs: number): boolean {
    return nowMs - this.#countedAtMs >= this.#periodMs();
  }

  #periodMs(): number {
    return this.#options.probe.periodSeconds * 1000;
  }

  #delayMs(): number {
    if (!this.#isEager() || this.#tally.last === true) return this.#periodMs();
    this.#eagerMs = Math.min(this.#eagerMs * 2, this.#periodMs());
    return this.#eagerMs / 2;
  }
}
