import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Delay } from './delay.ts';

/** Servers in a process of their own, on ports that follow one another, each as slow as it is told. */
export class Servers implements AsyncDisposable {
  readonly ports: readonly number[];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, ports: readonly number[]) {
    this.#child = child;
    this.ports = ports;
  }

  static async start(firstPort: number, count: number): Promise<Servers> {
    const child = fork(join(import.meta.dirname, 'servers.ts'), [String(firstPort), String(count)]);
    await Promise.race([once(child, 'message'), refuseEnd(child)]);
    return new Servers(
      child,
      Array.from({ length: count }, (_, i) => firstPort + i),
    );
  }

  delay(port: number, delayMs: number): void {
    this.#child.send({ port, delayMs } satisfies Delay);
  }

  /** Requests that each has had so far, by port. */
  async counts(): Promise<Record<number, number>> {
    const answer = once(this.#child, 'message');
    this.#child.send('counts');
    return (await answer)[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }
}

async function refuseEnd(child: ChildProcess): Promise<never> {
  await once(child, 'exit');
  throw new Error('the servers ended before they listened');
}
