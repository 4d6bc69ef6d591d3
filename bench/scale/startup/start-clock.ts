import { request } from 'node:http';
import type { PinnedProcess } from '../../harness/pinned-process.ts';
import { Workbench } from '../../harness/workbench.ts';

/** Between two questions: short against every start, long enough not to keep the process from starting. */
const ASK_EVERY_MS = 2;
const LIMIT_MS = 20_000;

/** A workbench that notes how long the process which it last served took from its start to its first good answer. */
export class StartClock extends Workbench {
  startMs = Number.NaN;

  override async serve(
    core: number,
    port: number,
    command: string,
    args: readonly string[],
  ): Promise<PinnedProcess> {
    return await this.untilAnswer(port, '/tiny', () => this.start(core, command, args));
  }

  /** Starts a process and waits until `path` is answered with 200. */
  async untilAnswer(port: number, path: string, start: () => PinnedProcess): Promise<PinnedProcess> {
    const begunMs = performance.now();
    const started = start();
    while ((await ask(port, path)) !== 200) {
      started.assertAlive();
      if (performance.now() - begunMs > LIMIT_MS) throw new Error(`port ${port} never answered ${path}`);
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
    this.startMs = performance.now() - begunMs;
    return started;
  }
}

/** The status; 0 without an answer. */
function ask(port: number, path: string): Promise<number> {
  return new Promise((resolve) => {
    const sent = request({ host: '127.0.0.1', port, path, agent: false, timeout: 1_000 }, (response) => {
      response.resume();
      response.on('error', () => resolve(0));
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(0));
    sent.end();
  });
}
