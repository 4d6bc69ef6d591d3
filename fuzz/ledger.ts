/** How often each verdict was needed, and how often none. */
import { VERDICTS } from './verdicts.ts';

export class Ledger {
  inputs = 0;
  readonly #counts = new Map<string, number>();

  constructor(inputs = 0, counts: Readonly<Record<string, number>> = {}) {
    this.inputs = inputs;
    for (const [name, count] of Object.entries(counts)) this.#counts.set(name, count);
  }

  note(verdict: string | undefined): void {
    this.inputs += 1;
    if (verdict !== undefined) this.#counts.set(verdict, this.countOf(verdict) + 1);
  }

  countOf(verdict: string): number {
    return this.#counts.get(verdict) ?? 0;
  }

  get counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }

  /** A line for each verdict that was needed, the most frequent first. */
  table(): string {
    const needed = VERDICTS.filter(({ name }) => this.countOf(name) > 0);
    const differing = needed.reduce((sum, { name }) => sum + this.countOf(name), 0);
    const lines = needed
      .sort((a, b) => this.countOf(b.name) - this.countOf(a.name))
      .map(
        ({ name, verdict, reason }) =>
          `${String(this.countOf(name)).padStart(9)}  ${verdict.padEnd(9)}${name}: ${reason}`,
      );
    return [`${this.inputs} inputs, ${this.inputs - differing} of which llhttp reads alike`, ...lines].join(
      '\n',
    );
  }
}
