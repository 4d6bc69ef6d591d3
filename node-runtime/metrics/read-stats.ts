/**
 * Reads many cgroups in one pass. Such a file is made up by the kernel in some microseconds, a tenth of what handing
 * the read to another thread and back takes: so it is read at once, a few cgroups in one turn of the event loop, that
 * no pod's work waits for more than a millisecond or two. A pass that takes too long ends where it is.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import type { Clock } from '#api/foundation/clock.ts';
import type { CgroupLayout } from '../resources/cgroup-layout.ts';
import { type ContainerStats, type ReadFile, statsOfV1, statsOfV2 } from './cgroup-stats.ts';

/** One turn of the event loop works no longer than this, but for the cgroup that it is at. */
const TURN_MS = 1;
/** A scrape that Prometheus has given up (10 s by default) helps nobody. */
const PASS_MS = 5_000;
/** The longest of the files, memory.stat, has 2 KiB. */
const MAX_BYTES = 64 * 1024;

export interface Pass {
  /** By cgroup; those that are gone are left out. */
  readonly stats: ReadonlyMap<string, ContainerStats>;
  /** False when time ran out. */
  readonly complete: boolean;
}

export async function readStats(
  layout: CgroupLayout,
  cgroups: readonly string[],
  clock: Pick<Clock, 'nowMs'>,
): Promise<Pass> {
  const stats = new Map<string, ContainerStats>();
  const roots = new Map<string, string | undefined>();
  const rootOf = (controller: string): string | undefined => {
    if (!roots.has(controller)) roots.set(controller, layout.rootOf(controller));
    return roots.get(controller);
  };
  const buffer = Buffer.allocUnsafe(MAX_BYTES);
  const beganMs = clock.nowMs();
  let turnMs = beganMs;
  for (const cgroup of cgroups) {
    const read: ReadFile = (controller, file) => {
      const root = rootOf(controller);
      return root === undefined ? undefined : readText(`${root}${cgroup}/${file}`, buffer);
    };
    const found = layout.mode === 'v2' ? statsOfV2(read) : statsOfV1(read);
    if (found.memoryUsage !== undefined || found.cpuSeconds !== undefined) stats.set(cgroup, found);
    const nowMs = clock.nowMs();
    if (nowMs - beganMs > PASS_MS) return { stats, complete: false };
    if (nowMs - turnMs < TURN_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    turnMs = clock.nowMs();
  }
  return { stats, complete: true };
}

function readText(path: string, buffer: Buffer): string | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    return buffer.toString('latin1', 0, readSync(file, buffer));
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}
