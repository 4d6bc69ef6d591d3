import { readFileSync } from 'node:fs';

/** Descriptors that this process may have open (RLIMIT_NOFILE); Infinity where the kernel does not say. */
export function openFilesLimit(): number {
  try {
    return parseLimits(readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** The soft limit in the text of `/proc/PID/limits`. */
export function parseLimits(text: string): number {
  const soft = /^Max open files +(\d+)/m.exec(text)?.[1];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}
