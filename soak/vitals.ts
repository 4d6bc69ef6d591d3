/** How a process is: its memory, its descriptors, its delays. Taken inside of it, so that what was garbage can be collected first. */
import { openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { queryObjects, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Delays, LOOK_MS, LoopDelay } from './loop-delay.ts';

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
  readonly delay: Delays;
  /** Objects that are alive; undefined unless asked for. */
  readonly objects: { readonly sockets: number; readonly timers: number } | undefined;
}

/** Throws away code and caches that can be made again too: what is left is what somebody holds. */
const LIVE_ONLY = { flavor: 'last-resort' } as const;

const NANOS = 1e6;
const MIB = 2 ** 20;

export class VitalSigns {
  readonly #loop = new LoopDelay();
  readonly #coreWait = new CoreWait();
  readonly #collect: (how: { readonly flavor: string }) => void;

  constructor() {
    setFlagsFromString('--expose-gc');
    this.#collect = runInNewContext('gc') as (how: { readonly flavor: string }) => void;
    this.#look();
  }

  /** The pause that this takes is not counted among the delays. `objects`: counts them too, which takes longer. */
  take(objects: boolean): Vitals {
    const delay = this.#loop.take();
    this.#collect(LIVE_ONLY);
    const memory = process.memoryUsage();
    const cpu = process.cpuUsage();
    return {
      heapMb: memory.heapUsed / MIB,
      rssMb: memory.rss / MIB,
      privateMb: privateMb(),
      externalMb: (memory.external + memory.arrayBuffers) / MIB,
      descriptors: readdirSync('/proc/self/fd').length - 1,
      cpuMs: (cpu.user + cpu.system) / 1000,
      waitedMs: this.#coreWait.ms,
      delay,
      objects: objects ? liveObjects() : undefined,
    };
  }

  #look(): void {
    this.#loop.look(performance.now(), this.#coreWait.ms);
    setTimeout(() => this.#look(), LOOK_MS).unref();
  }
}

/** How long the thread of the event loop was ready to run and had no core: read 200 times a second, so without a file each time. */
class CoreWait {
  readonly #file = openSync('/proc/thread-self/schedstat', 'r');
  readonly #bytes = Buffer.alloc(96);

  get ms(): number {
    const length = readSync(this.#file, this.#bytes, 0, this.#bytes.length, 0);
    return Number(this.#bytes.toString('latin1', 0, length).split(' ')[1]) / NANOS;
  }
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
