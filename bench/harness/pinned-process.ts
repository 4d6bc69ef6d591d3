/**
 * Processes pinned to a core. Each leads a group of its own, so that it ends with all of its children, whatever becomes of
 * this program: also when somebody presses Ctrl-C, and when this program is killed and can do nothing about it any more
 * (`PR_SET_PDEATHSIG`; nginx, which works in a child, is asked to end and takes its child along).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const PINNED = ['--pdeathsig', 'TERM', 'taskset', '-c'];
const STOP_MS = 5_000;
const KEPT_OUTPUT = 20_000;

/** Those that run now. */
const running = new Set<ChildProcess>();

export class PinnedProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #said = '';

  constructor(
    core: number,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    /** Open file that takes its standard output; absent: nobody does. */
    output: number | 'ignore' = 'ignore',
  ) {
    this.#child = spawn('setpriv', [...PINNED, String(core), command, ...args], {
      stdio: ['ignore', output, 'pipe'],
      env: { PATH: process.env['PATH'], ...env },
      detached: true,
    });
    running.add(this.#child);
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-KEPT_OUTPUT);
    });
    this.#closed = once(this.#child, 'close').finally(() => running.delete(this.#child));
    this.#closed.catch(() => {});
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Polls until `isReady`. Throws with the last words of the process when it ended before, or when it takes too long. */
  async ready(isReady: () => Promise<boolean>, limitMs = 20_000): Promise<void> {
    const end = performance.now() + limitMs;
    while (!(await isReady())) {
      if (this.#ended()) throw new Error(`${this.#name()} ended before it was ready: ${this.#lastWords()}`);
      if (performance.now() > end)
        throw new Error(`${this.#name()} is not ready after ${limitMs} ms: ${this.#lastWords()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Throws when the process ended, which nobody asked of it. */
  assertAlive(): void {
    if (this.#ended()) throw new Error(`${this.#name()} ended in the middle: ${this.#lastWords()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended()) signalGroup(this.#child, 'SIGTERM');
    const timer = setTimeout(() => signalGroup(this.#child, 'SIGKILL'), STOP_MS);
    await this.#closed.catch(() => {});
    clearTimeout(timer);
    signalGroup(this.#child, 'SIGKILL');
  }

  #ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** What it wrote to standard error last, without the lines of a minified program. */
  #lastWords(): string {
    const lines = this.#said.split('\n').filter((line) => line.trim() !== '' && line.length < 300);
    return lines.slice(-8).join('\n');
  }

  #name(): string {
    return this.#child.spawnargs.slice(PINNED.length + 2).join(' ');
  }
}

/** Ends every process that was started here, at once. */
export function killAll(): void {
  for (const child of running) signalGroup(child, 'SIGKILL');
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The whole group has ended.
  }
}
