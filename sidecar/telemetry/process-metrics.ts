/**
 * The sidecar's own process. The names have a prefix of their own, as those of Istio's agent have (`istio_agent_`): on the
 * merged page they stand beside the app's, which has `process_…` too.
 */
import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { GcPauses, Pauses } from './gc-pauses.ts';
import { type ReadMetric, sample } from './text-format.ts';

/**
 * How often the event loop is asked whether it comes on time, milliseconds. It costs 0.05 % of a core so, and five times as
 * much every 10 ms; what holds the loop up for longer than this is always seen.
 */
const RESOLUTION_MS = 50;
/** Who reads sooner than this after another is told the same. */
const WINDOW_MS = 10_000;

interface Delay {
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Delays of the event loop, watched from the first time that somebody asks: who is never scraped pays nothing. */
export class LoopDelay {
  #histogram: ReturnType<typeof monitorEventLoopDelay> | undefined;
  #sinceMs = 0;
  #last: Delay = { meanMs: 0, p99Ms: 0, maxMs: 0 };

  /** Of the time since it was last read, ten seconds at least. */
  read(nowMs: number): Delay {
    if (this.#histogram === undefined) {
      this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      this.#histogram.enable();
      this.#sinceMs = nowMs;
    } else if (nowMs - this.#sinceMs >= WINDOW_MS) {
      const { mean, max } = this.#histogram;
      const p99 = this.#histogram.percentile(99);
      this.#last = { meanMs: late(mean), p99Ms: late(p99), maxMs: late(max) };
      this.#histogram.reset();
      this.#sinceMs = nowMs;
    }
    return this.#last;
  }

  close(): void {
    this.#histogram?.disable();
  }
}

/** Nanoseconds between two looks, as milliseconds beyond those that were asked for. NaN while there was none. */
function late(ns: number): number {
  return Math.max(0, ns / 1e6 - RESOLUTION_MS) || 0;
}

/** What a scrape reads of the process. */
export interface ProcessPicture {
  readonly cpu: NodeJS.CpuUsage;
  readonly memory: NodeJS.MemoryUsage;
  readonly loop: { readonly idle: number; readonly active: number };
  readonly delay: Delay;
  readonly pauses: ReadonlyMap<string, Readonly<Pauses>>;
}

export function pictureProcess(delay: LoopDelay, pauses: GcPauses): ProcessPicture {
  return {
    cpu: process.cpuUsage(),
    memory: process.memoryUsage(),
    loop: performance.eventLoopUtilization(),
    delay: delay.read(performance.now()),
    pauses: pauses.read(),
  };
}

export const PROCESS_METRICS: readonly ReadMetric<ProcessPicture>[] = [
  {
    ...plain('counter', 'process_cpu_seconds_total', 'User and system CPU time.'),
    read: ({ cpu }) => (cpu.user + cpu.system) / 1e6,
  },
  {
    ...plain('gauge', 'process_resident_memory_bytes', 'Resident memory, that of shared pages included.'),
    read: ({ memory }) => memory.rss,
  },
  {
    ...plain('gauge', 'process_start_time_seconds', 'Start of the process since the epoch.'),
    read: () => performance.timeOrigin / 1000,
  },
  { ...plain('gauge', 'process_open_fds', 'Open file descriptors.'), read: openFiles },
  { ...plain('gauge', 'heap_used_bytes', 'Used heap.'), read: ({ memory }) => memory.heapUsed },
  { ...plain('gauge', 'heap_size_bytes', 'Heap, used or not.'), read: ({ memory }) => memory.heapTotal },
  {
    ...plain('gauge', 'external_memory_bytes', 'Memory outside the heap that objects in it hold: buffers.'),
    read: ({ memory }) => memory.external,
  },
  {
    ...plain('counter', 'event_loop_active_seconds_total', 'Time in which the event loop was at work.'),
    read: ({ loop }) => loop.active / 1000,
  },
  {
    ...plain('counter', 'event_loop_idle_seconds_total', 'Time in which the event loop had nothing to do.'),
    read: ({ loop }) => loop.idle / 1000,
  },
  {
    ...plain(
      'gauge',
      'event_loop_delay_mean_seconds',
      'How late the event loop came, on average, since it was last asked.',
    ),
    read: ({ delay }) => delay.meanMs / 1000,
  },
  {
    ...plain('gauge', 'event_loop_delay_p99_seconds', 'The same, of the slowest hundredth.'),
    read: ({ delay }) => delay.p99Ms / 1000,
  },
  {
    ...plain('gauge', 'event_loop_delay_max_seconds', 'The same, at worst.'),
    read: ({ delay }) => delay.maxMs / 1000,
  },
  {
    ...plain('counter', 'gc_pauses_total', 'Pauses for garbage collection since the first scrape.'),
    labels: ['kind'],
    read: ({ pauses }) => [...pauses].map(([kind, { count }]) => sample(count, { kind })),
  },
  {
    ...plain('counter', 'gc_pause_seconds_total', 'How long these took in all.'),
    labels: ['kind'],
    read: ({ pauses }) => [...pauses].map(([kind, { seconds }]) => sample(seconds, { kind })),
  },
];

function plain<Type extends 'counter' | 'gauge'>(type: Type, name: string, help: string) {
  return { name: `weft_sidecar_${name}`, type, help, labels: [] };
}

function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return 0;
  }
}
