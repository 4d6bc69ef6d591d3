/**
 * V8 compiles in memory of the C library, and frees it: but what lies between pieces that stay is never given back to the
 * kernel, 6 MB after the start and as much again once traffic has had its hot functions compiled. Only `malloc_trim` gives
 * it back. It takes 1.5 ms when there is something to give, and less than 0.1 ms when there is not, so it may as well
 * be asked for now and then. The environment of the C library (MALLOC_TRIM_THRESHOLD_, MALLOC_MMAP_THRESHOLD_) did a third
 * of that at most, for a call of the kernel at each of V8's allocations.
 */
import type { Clock } from '#api/foundation/clock.ts';

/** Gives back what is free. */
export type Trim = () => void;

/** Soon after the start and after a burst of compilation; to wake an idle sidecar for it costs it 20 µs of a second. */
export const TRIM_EVERY_MS = 5_000;

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
    trim();
    clock.after(TRIM_EVERY_MS, again);
  };
  clock.after(TRIM_EVERY_MS, again);
}
