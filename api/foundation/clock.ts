// The global of this name is a getter that runs at every use; this one is the object.
import { performance } from 'node:perf_hooks';

/** A pending timer; `cancel` is idempotent and safe after it fired. */
export interface Timer {
  cancel(): void;
}

/** Time as an argument. Policies read it from here and nowhere else. */
export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. For timestamps that people or other programs read. */
  wallMs(): number;
  /** Monotonic milliseconds with a fraction, from an arbitrary origin. For durations and deadlines. */
  nowMs(): number;
  /**
   * Runs `task` once, `delayMs` from now; after 24 days at the latest, so look at the time again where more was asked for.
   * Timers never keep the process alive by themselves.
   */
  after(delayMs: number, task: () => void): Timer;
}

/** What a timer of Node holds; it would run one that is longer at once, and again and again. */
const LONGEST_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  nowMs: () => performance.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, Math.min(delayMs, LONGEST_MS));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Resolves after `delayMs` on the given clock, or rejects with the signal's reason if that comes first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
