/**
 * V8 compiles in memory of the C library, and frees it: but what lies between pieces that stay is never given back to the
 * kernel, 6 MB after the start and as much again once traffic has had its hot functions compiled. Only `malloc_trim` gives
 * it back. It takes 1.5 ms when there is something to give, and less than 0.1 ms when there is not, so it may as well
 * be asked for now and then. The environment of the C library (MALLOC_TRIM_THRESHOLD_, MALLOC_MMAP_THRESHOLD_) did a third
 * of that at most, for a call of the kernel at each of V8's allocations.
 *
 * Nothing else runs meanwhile, and the kernel is told of every free page again: where half of 3,000 TLS connections have gone,
 * that takes 20 ms once and 4 ms from then on. So the next time comes the later, the longer it took.
 */
import type { Clock } from '#api/foundation/clock.ts';

/** Gives back what is free. */
export type Trim = () => void;

/** Soon after the start and after a burst of compilation; to wake an idle sidecar for it costs it 20 µs of a second. */
export const TRIM_EVERY_MS = 5_000;

/** Of the time, one part in so many is for trimming at most: a pause that meets so few requests is not seen in their tail. */
export const TRIM_SHARE = 4_000;

const LIBC = 'libc.so.6';

/** Undefined where Node has no `node:ffi`, or the C library no such call: then memory stays as it is. */
export async function createTrim(): Promise<Trim | undefined> {
  try {
    const ffi = await import('node:ffi');
    const { functions } = ffi.dlopen(LIBC, { malloc_trim: { arguments: ['u64'], return: 'i32' } });
    return () => void functions['malloc_trim']!(0n);
  } catch {
    return undefined;
  }
}

/** Trims again and again, for good. */
export function keepTrimmed(trim: Trim, clock: Clock): void {
  const again = (): void => {
    const beganMs = clock.nowMs();
    trim();
    clock.after(Math.max(TRIM_EVERY_MS, (clock.nowMs() - beganMs) * TRIM_SHARE), again);
  };
  clock.after(TRIM_EVERY_MS, again);
}
