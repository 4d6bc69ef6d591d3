/** Simulated sidecars in a few processes on the core of the load. */
import { join } from 'node:path';
import type { Interest } from '../control-plane.ts';
import { monotonicMs, ToldProcess } from '../told-process.ts';

/** What the program is told: a push that holds this address is awaited from now on. */
export interface Await {
  readonly address: string;
}

/** What it answers: when each of its sidecars acknowledged that push, by `monotonicMs`. */
export interface Acknowledged {
  readonly atMs: readonly number[];
}

const PROGRAM = join(import.meta.dirname, 'fleet-program.ts');
const PER_PROCESS = 250;
const SETTLE_MS = 90_000;
const PUSH_MS = 20_000;

export class Fleet implements AsyncDisposable {
  readonly #processes: readonly ToldProcess[];

  private constructor(processes: readonly ToldProcess[]) {
    this.#processes = processes;
  }

  /** Connects `count` sidecars; resolves when all have their configuration. */
  static async start(core: number, socket: string, count: number, interest: Interest): Promise<Fleet> {
    const processes = Array.from({ length: Math.ceil(count / PER_PROCESS) }, (_, i) => {
      const first = i * PER_PROCESS;
      const own = Math.min(PER_PROCESS, count - first);
      return new ToldProcess(core, PROGRAM, [socket, String(first), String(own), JSON.stringify(interest)]);
    });
    const fleet = new Fleet(processes);
    try {
      await fleet.#answers(SETTLE_MS);
      return fleet;
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Runs `change`, which makes the control plane push `address` to everybody, and returns how long after its start each sidecar
   * had acknowledged it, ms.
   */
  async timePush(address: string, change: () => Promise<unknown>): Promise<number[]> {
    const waiting = this.#answers(PUSH_MS);
    for (const each of this.#processes) each.tell({ address } satisfies Await);
    await waiting;
    const startMs = monotonicMs();
    const [answers] = await Promise.all([this.#answers(PUSH_MS), change()]);
    return answers.flatMap((answer) => (answer as Acknowledged).atMs.map((atMs) => atMs - startMs));
  }

  #answers(limitMs: number): Promise<unknown[]> {
    return Promise.all(this.#processes.map((each) => each.answer(limitMs)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((each) => each[Symbol.asyncDispose]()));
  }
}
