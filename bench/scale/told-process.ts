/** A helper of the load in a process of its own, that is told what to do and answers. It ends with this program. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export class ToldProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #program: string;

  /** Runs `node PROGRAM WORDS` on `core`. The program is to end when its channel does. */
  constructor(core: number, program: string, words: readonly string[]) {
    this.#program = program;
    this.#child = spawn('taskset', ['-c', String(core), process.execPath, program, ...words], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { PATH: process.env['PATH'] },
    });
  }

  tell(message: object): void {
    this.#child.send(message);
  }

  /** Its next message. Rejects when it ends before, or says nothing for so long. */
  async answer(limitMs: number): Promise<unknown> {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(limitMs)]);
    const ended = once(this.#child, 'exit', { signal }).then(() => {
      throw new Error(`${this.#program} ended in the middle`);
    });
    try {
      const [message] = await Promise.race([once(this.#child, 'message', { signal }), ended]);
      return message;
    } catch (cause) {
      if (!signal.aborted) throw cause;
      throw new Error(`${this.#program} said nothing for ${limitMs} ms`, { cause });
    } finally {
      over.abort();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}

/** Milliseconds of CLOCK_MONOTONIC, which all processes of a machine share. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
