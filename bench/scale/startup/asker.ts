import { join } from 'node:path';
import { ToldProcess } from '../told-process.ts';

/** What the program is told: which answer is awaited. */
export interface Question {
  readonly port: number;
  readonly path: string;
}

/** What it answers: when the first 200 came, by `monotonicMs`. */
export interface Answered {
  readonly atMs: number;
}

const LIMIT_MS = 20_000;

export class Asker extends ToldProcess {
  constructor(core: number) {
    super(core, join(import.meta.dirname, 'asker-program.ts'), []);
  }

  /** When the first 200 came. Rejects when none does. */
  async firstAnswer(question: Question): Promise<number> {
    const answer = this.answer(LIMIT_MS);
    this.tell(question);
    return ((await answer) as Answered).atMs;
  }
}
