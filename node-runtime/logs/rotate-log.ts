/**
 * Rotation as the kubelet does it, with its file names, so that collectors which follow files by their inode (Fluent Bit,
 * Fluentd, Promtail) lose nothing: the file that is written to is renamed, and its writer is asked to begin a new one. Until
 * it does so it goes on writing to the old one, so that no line falls between the two.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { link, rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Clock, sleep } from '#api/foundation/clock.ts';
import { codeOf } from '#api/foundation/errors.ts';
import { rotatedLogs, stampOf, uncompressed } from './log-files.ts';

export interface LogLimits {
  /** A log that has more is rotated (kubelet: containerLogMaxSize). */
  readonly maxBytes: number;
  /** Files of one container at most, the one that is written to among them (containerLogMaxFiles). */
  readonly maxFiles: number;
}

/** The kubelet's defaults. */
export const LOG_LIMITS: LogLimits = { maxBytes: 10 << 20, maxFiles: 5 };

/** A writer that does not begin anew for so long has ended. */
const PATIENCE_MS = 1_000;
const LOOK_AGAIN_MS = 10;

/** True: it was rotated. `reopen` asks the writer to begin anew; false: nobody writes any more, and the log is left. */
export async function rotateLog(
  path: string,
  limits: LogLimits,
  { clock, reopen }: { clock: Clock; reopen: () => Promise<boolean> },
): Promise<boolean> {
  const size = (await stat(path).catch(() => undefined))?.size ?? 0;
  if (size <= limits.maxBytes) return false;
  const rotated = await rotatedLogs(path);
  const excess = rotated.splice(0, Math.max(0, rotated.length - (limits.maxFiles - 2)));
  await Promise.all(excess.map((each) => rm(each, { force: true })));
  const aside = freeName(path, clock.wallMs(), rotated);
  await rename(path, aside);
  const began = (await reopen()) && (await appears(path, clock));
  if (!began && (await putBack(aside, path))) return false;
  for (const each of rotated.filter((old) => !old.endsWith('.gz'))) await compress(each);
  return true;
}

async function appears(path: string, clock: Clock): Promise<boolean> {
  const until = clock.nowMs() + PATIENCE_MS;
  for (;;) {
    if ((await stat(path).catch(() => undefined)) !== undefined) return true;
    if (clock.nowMs() >= until) return false;
    await sleep(clock, LOOK_AGAIN_MS);
  }
}

/** Unless the writer began anew after all. */
async function putBack(aside: string, path: string): Promise<boolean> {
  try {
    await link(aside, path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  await rm(aside);
  return true;
}

/** Rotations of one second keep their order. */
function freeName(path: string, wallMs: number, rotated: readonly string[]): string {
  const name = `${path}.${stampOf(wallMs)}`;
  const taken = rotated.filter((each) => each.startsWith(name)).map(uncompressed);
  for (let i = taken.length; ; i += 1) {
    const free = i === 0 ? name : `${name}.${String(i).padStart(3, '0')}`;
    if (!taken.includes(free)) return free;
  }
}

/** Of the older ones, which nobody follows any more. */
async function compress(path: string): Promise<void> {
  const part = `${path}.tmp`;
  try {
    await pipeline(createReadStream(path), createGzip(), createWriteStream(part, { mode: 0o600 }));
    await rename(part, `${path}.gz`);
    await rm(path, { force: true });
  } finally {
    await rm(part, { force: true });
  }
}
