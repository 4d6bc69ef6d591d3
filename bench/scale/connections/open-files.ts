import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/**
 * Lets this process, and those that it starts from now on, have `wanted` open files; returns how many they may have. Throws with what to do when the limit is
 * lower and cannot be raised: that is root's to do.
 */
export async function allowFiles(wanted: number): Promise<number> {
  const limits = parseOpenFiles(readFileSync('/proc/self/limits', 'utf8'));
  if (limits.soft >= wanted) return limits.hard;
  const limit = `--nofile=${wanted}:${Math.max(wanted, limits.hard)}`;
  try {
    await promisify(execFile)('prlimit', ['--pid', String(process.pid), limit]);
    return Math.max(wanted, limits.hard);
  } catch {
    throw new Error(
      `${wanted} open files are needed and ${limits.hard} are allowed; as root, or after: ulimit -Hn ${wanted}`,
    );
  }
}

/** The line of `/proc/PID/limits`. */
export function parseOpenFiles(text: string): { readonly soft: number; readonly hard: number } {
  const [, soft, hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(text) ?? [];
  const toNumber = (word: string | undefined): number =>
    word === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(word);
  return { soft: toNumber(soft), hard: toNumber(hard) };
}
