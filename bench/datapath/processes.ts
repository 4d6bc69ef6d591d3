/** Processes pinned to a core, and what they used of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

export interface CpuTime {
  readonly userUs: number;
  readonly systemUs: number;
}

/** Microseconds of a clock tick in /proc: `USER_HZ` is 100 on every Linux that Node runs on. */
const TICK_US = 10_000;
const READY_TRIES = 200;

export class PinnedProcess implements AsyncDisposable {
  readonly #child: ChildProcess;

  constructor(core: number, command: string, args: readonly string[]) {
    this.#child = spawn('taskset', ['-c', String(core), command, ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { PATH: process.env['PATH'] },
    });
  }

  /** Waits until the port takes connections. */
  async ready(port: number): Promise<void> {
    for (let i = 0; i < READY_TRIES; i++) {
      if (this.#child.exitCode !== null)
        throw new Error(
          `${this.#child.spawnfile} ended with ${this.#child.exitCode} before it listened: ${this.#child.spawnargs.join(' ')}`,
        );
      if (await connects(port)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`nothing listens on port ${port}`);
  }

  /** CPU time of the process and its workers so far. */
  cpu(): CpuTime {
    let user = 0;
    let system = 0;
    for (const pid of withChildren(this.#child.pid!)) {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      user += Number(fields[11]);
      system += Number(fields[12]);
    }
    return { userUs: user * TICK_US, systemUs: system * TICK_US };
  }

  /** Proportional set size of the process and its workers, MiB. */
  pssMiB(): number {
    return withChildren(this.#child.pid!).reduce((sum, pid) => {
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      return sum + Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) / 1024;
    }, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    await closed;
  }
}

function withChildren(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return [pid, ...children.flatMap((child) => withChildren(Number(child)))];
}

async function connects(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
