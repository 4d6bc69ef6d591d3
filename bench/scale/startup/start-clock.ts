import type { PinnedProcess } from '../../harness/pinned-process.ts';
import { Workbench } from '../../harness/workbench.ts';
import { monotonicMs } from '../told-process.ts';
import { Asker, type Question } from './asker.ts';

/** A workbench that notes how long the process which it last served took from its start to its first good answer. */
export class StartClock extends Workbench {
  startMs = Number.NaN;
  readonly #asker = new Asker(this.cores.load);

  override async serve(
    core: number,
    port: number,
    command: string,
    args: readonly string[],
  ): Promise<PinnedProcess> {
    return await this.untilAnswer({ port, path: '/tiny' }, () => this.start(core, command, args));
  }

  /** Starts a process and waits until the question is answered with 200. */
  async untilAnswer(question: Question, start: () => PinnedProcess): Promise<PinnedProcess> {
    const answered = this.#asker.firstAnswer(question);
    const begunMs = monotonicMs();
    const started = start();
    try {
      this.startMs = (await answered) - begunMs;
    } finally {
      started.assertAlive();
    }
    return started;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.#asker[Symbol.asyncDispose]();
    await super[Symbol.asyncDispose]();
  }
}
