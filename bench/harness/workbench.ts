/** What one scenario works with: a directory, ports, cores and the processes that it started. All of it goes at the end. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cores, chooseCores } from './cores.ts';
import { killAll, PinnedProcess } from './pinned-process.ts';
import { listens, Ports } from './ports.ts';

export class Workbench implements AsyncDisposable {
  readonly cores: Cores = chooseCores();
  readonly directory = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  readonly #ports = new Ports();
  readonly #stack = new AsyncDisposableStack();

  constructor() {
    open.add(this);
  }

  takePort(): Promise<number> {
    return this.#ports.take();
  }

  /** Writes a file that the scenario needs; returns its path. */
  write(name: string, content: string | Buffer): string {
    const path = join(this.directory, name);
    writeFileSync(path, content);
    return path;
  }

  start(
    core: number,
    command: string,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): PinnedProcess {
    return this.#stack.use(new PinnedProcess(core, command, args, env));
  }

  /** Starts a program and waits until it takes connections on `port`. */
  async serve(core: number, port: number, command: string, args: readonly string[]): Promise<PinnedProcess> {
    const started = this.start(core, command, args);
    await started.ready(() => listens(port));
    return started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
    open.delete(this);
    rmSync(this.directory, { recursive: true, force: true });
    await this.#ports.assertAllFree();
  }
}

const open = new Set<Workbench>();

/** For an end that nobody waits for, such as Ctrl-C: no process and no file is left. */
export function abandonAll(): void {
  killAll();
  for (const { directory } of open) rmSync(directory, { recursive: true, force: true });
}
