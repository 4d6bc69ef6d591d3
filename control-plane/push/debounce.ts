import type { Clock, Timer } from '#api/foundation/clock.ts';

/** Quiet that ends a batch: two writes of one command come closer than this. */
const QUIET_MS = 5;
/** Under a constant stream of changes a batch still ends after this. */
const MAX_WAIT_MS = 50;

export interface Debounce {
  /** Something came: run after a quiet, at the latest MAX_WAIT_MS after the first call. */
  soon(): void;
  /** Run now. */
  now(): void;
  cancel(): void;
}

export function createDebounce(clock: Clock, run: () => void): Debounce {
  let timer: Timer | undefined;
  let firstMs: number | undefined;
  const cancel = (): void => {
    timer?.cancel();
    timer = undefined;
    firstMs = undefined;
  };
  const now = (): void => {
    cancel();
    run();
  };
  return {
    soon() {
      firstMs ??= clock.nowMs();
      timer?.cancel();
      const leftMs = firstMs + MAX_WAIT_MS - clock.nowMs();
      timer = clock.after(Math.max(0, Math.min(QUIET_MS, leftMs)), now);
    },
    now,
    cancel,
  };
}
