/** What one scenario works with: a directory, ports, cores and the processes that it started. All of it goes at the end. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cores, chooseCores } from './cores.ts';
import { killAll, PinnedProcess } from './pinned-process.ts';
import { listens, Ports } from './ports.ts';

export class Workbench implements AsyncDisposable {
  readonly cores: Cores = chooseCores();
  readonly directory = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  readonly #ports = new Ports();
  #pipes = 0;
  readonly #stack = new AsyncDisposableStack();

  constructor() {
    opened.add(this);
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
    output?: number,
  ): PinnedProcess {
    return this.#stack.use(new PinnedProcess(core, command, args, env, output));
  }

  /** A pipe whose other end somebody on `core` reads and forgets: what a log is written into. Returns the open end. */
  async drain(core: number): Promise<number> {
    const path = join(this.directory, `pipe-${this.#pipes++}`);
    execFileSync('mkfifo', [path]);
    this.start(core, 'sh', ['-c', 'exec cat "$1" >/dev/null', 'sh', path]);
    const end = await open(path, 'w');
    this.#stack.defer(() => end.close());
    return end.fd;
  }

  /** Starts a program and waits until it takes connections on `port`. */
  async serve(core: number, port: number, command: string, args: readonly string[]): Promise<PinnedProcess> {
    const started = this.start(core, command, args);
    await started.ready(() => listens(port));
    return started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
    opened.delete(this);
    rmSync(this.directory, { recursive: true, force: true });
    await this.#ports.assertAllFree();
  }
}

const opened = new Set<Workbench>();

/** For an end that nobody waits for, such as Ctrl-C: no process and no file is left. */
export function abandonAll(): void {
  killAll();
  for (const { directory } of opened) rmSync(directory, { recursive: true, force: true });
}
