/** How a process is: its memory, its descriptors, its delays. Taken inside of it, so that what was garbage can be collected first. */
import { readdirSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { type ELDHistogram as IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { queryObjects, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface Vitals {
  /** MiB, after a garbage collection. */
  readonly heapMb: number;
  readonly rssMb: number;
  /** Private pages, MiB: what would come back if this process alone ended. */
  readonly privateMb: number;
  /** Buffers outside of the heap, MiB. */
  readonly externalMb: number;
  readonly descriptors: number;
  /** User and system time so far, milliseconds. */
  readonly cpuMs: number;
  /** Time that it was ready to run and waited for a core, so far, milliseconds. */
  readonly waitedMs: number;
  /** How late the event loop was since the vitals were taken before, milliseconds. */
  readonly delay: Delay;
  /** Objects that are alive; undefined unless asked for. */
  readonly objects: { readonly sockets: number; readonly timers: number } | undefined;
}

export interface Delay {
  /** How often it was looked. */
  readonly count: number;
  /** Looks that found the loop late by each of these upper bounds or less, milliseconds; cumulative. */
  readonly within: readonly number[];
  readonly maxMs: number;
}

/** How often the event loop is looked at. The histogram tells the time between two looks, so this is taken off again. */
const LOOK_MS = 5;

/** Bounds of `Delay.within`, milliseconds. */
export const DELAY_BOUNDS_MS: readonly number[] = [
  0.5, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 75, 100, 200, 500, 1000, 5000,
];

/** Throws away code and caches that can be made again too: what is left is what somebody holds. */
const LIVE_ONLY = { flavor: 'last-resort' } as const;

const NANOS = 1e6;
const MIB = 2 ** 20;

export class VitalSigns {
  readonly #loop: IntervalHistogram = monitorEventLoopDelay({ resolution: LOOK_MS });
  readonly #collect: (how: { readonly flavor: string }) => void;

  constructor() {
    setFlagsFromString('--expose-gc');
    this.#collect = runInNewContext('gc') as (how: { readonly flavor: string }) => void;
    this.#loop.enable();
  }

  /** The pause that this takes is not counted among the delays. `objects`: counts them too, which takes longer. */
  take(objects: boolean): Vitals {
    this.#loop.disable();
    const delay = delayOf(this.#loop);
    this.#collect(LIVE_ONLY);
    const memory = process.memoryUsage();
    const cpu = process.cpuUsage();
    const vitals = {
      heapMb: memory.heapUsed / MIB,
      rssMb: memory.rss / MIB,
      privateMb: privateMb(),
      externalMb: (memory.external + memory.arrayBuffers) / MIB,
      descriptors: readdirSync('/proc/self/fd').length - 1,
      cpuMs: (cpu.user + cpu.system) / 1000,
      waitedMs: Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / NANOS,
      delay,
      objects: objects ? liveObjects() : undefined,
    };
    this.#loop.reset();
    setImmediate(() => this.#loop.enable());
    return vitals;
  }
}

function delayOf(loop: IntervalHistogram): Delay {
  const within = DELAY_BOUNDS_MS.map(() => 0);
  let seen = 0;
  for (const [percent, nanos] of loop.percentiles as Map<number, number>) {
    const upTo = Math.round((percent / 100) * loop.count);
    const lateMs = Math.max(0, nanos / NANOS - LOOK_MS);
    const at = DELAY_BOUNDS_MS.findIndex((bound) => lateMs <= bound);
    if (at >= 0) within[at] = within[at]! + upTo - seen;
    seen = upTo;
  }
  let sum = 0;
  const cumulative = within.map((count) => {
    sum += count;
    return sum;
  });
  const maxMs = loop.count === 0 ? 0 : Math.max(0, loop.max / NANOS - LOOK_MS);
  return { count: loop.count, within: cumulative, maxMs };
}

function privateMb(): number {
  const rollup = readFileSync('/proc/self/smaps_rollup', 'utf8');
  return [...rollup.matchAll(/^Private_\w+:\s+(\d+) kB/gm)].reduce(
    (sum, [, kb]) => sum + Number(kb) / 1024,
    0,
  );
}

function liveObjects(): { sockets: number; timers: number } {
  const timer = setTimeout(() => {}, 0);
  clearTimeout(timer);
  const count = (of: unknown): number => queryObjects(of as () => void, { format: 'count' }) as number;
  return { sockets: count(Socket), timers: count(timer.constructor) - 1 };
}
