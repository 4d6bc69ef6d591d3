/** Simulated sidecars in a few processes on the core of the load. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Interest } from '../control-plane.ts';

/** What the program is told: a push that holds this address is awaited from now on. */
export interface Await {
  readonly address: string;
}

/** What it answers: when each of its sidecars acknowledged that push; milliseconds of CLOCK_MONOTONIC. */
export interface Acknowledged {
  readonly atMs: readonly number[];
}

const PROGRAM = join(import.meta.dirname, 'fleet-program.ts');
const PER_PROCESS = 250;
const SETTLE_MS = 90_000;
const PUSH_MS = 20_000;

export class Fleet implements AsyncDisposable {
  readonly #processes: readonly ChildProcess[];

  private constructor(processes: readonly ChildProcess[]) {
    this.#processes = processes;
  }

  /** Connects `count` sidecars; resolves when all have their configuration. */
  static async start(core: number, socket: string, count: number, interest: Interest): Promise<Fleet> {
    const processes = Array.from({ length: Math.ceil(count / PER_PROCESS) }, (_, i) => {
      const first = i * PER_PROCESS;
      const own = Math.min(PER_PROCESS, count - first);
      const words = [socket, String(first), String(own), JSON.stringify(interest)];
      return spawn('taskset', ['-c', String(core), process.execPath, PROGRAM, ...words], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
    });
    const fleet = new Fleet(processes);
    try {
      await fleet.#each('settled', SETTLE_MS);
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
    const waiting = this.#each('waiting', PUSH_MS);
    for (const each of this.#processes) each.send({ address } satisfies Await);
    await waiting;
    const answers = this.#each('times', PUSH_MS);
    const startMs = Number(process.hrtime.bigint()) / 1e6;
    const [times] = await Promise.all([answers, change()]);
    return times.flatMap((answer) => (answer as Acknowledged).atMs.map((atMs) => atMs - startMs));
  }

  /** The next message of every process. Rejects when one ends or says nothing for so long. */
  async #each(what: string, limitMs: number): Promise<unknown[]> {
    const given = new AbortController();
    const signal = AbortSignal.any([given.signal, AbortSignal.timeout(limitMs)]);
    try {
      return await Promise.all(
        this.#processes.map(async (each) => {
          const ended = once(each, 'exit', { signal }).then(() => {
            throw new Error(`simulated sidecars ended before they said: ${what}`);
          });
          const [message] = await Promise.race([once(each, 'message', { signal }), ended]);
          return message;
        }),
      );
    } finally {
      given.abort();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#processes.map(async (each) => {
        if (each.exitCode !== null || each.signalCode !== null) return;
        const exited = once(each, 'exit');
        each.kill('SIGKILL');
        await exited;
      }),
    );
  }
}
