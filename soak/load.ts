/** A steady load: begins so many visits a second, whatever becomes of them, up to a ceiling of those that are open. */
import { type Random, seededRandom } from '#api/foundation/random.ts';
import type { World } from './http-client.ts';
import { drawVisit, OPAQUE_VISITS } from './opaque-visits.ts';
import { HTTP_VISITS } from './visits.ts';

const TICK_MS = 10;

/** Beyond these no visit begins: a sidecar that hangs must not make the soak's own memory the finding. */
const MAX_OPEN = 600;

const VISITS = [...HTTP_VISITS, ...OPAQUE_VISITS];

export class Load {
  begun = 0;
  /** Visits that were due while too many were open. */
  skipped = 0;
  readonly #world: World;
  readonly #random: Random;
  readonly #open = new Map<number, { readonly name: string; readonly sinceMs: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** From now on at this rate. */
  run(visitsPerSecond: number): void {
    this.stop();
    const startMs = performance.now();
    const before = this.begun + this.skipped;
    this.#timer = setInterval(() => {
      const due = before + ((performance.now() - startMs) / 1000) * visitsPerSecond;
      while (this.begun + this.skipped < due) this.#begin();
    }, TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** What is still open, with its age. */
  get open(): string[] {
    const nowMs = performance.now();
    return [...this.#open.values()].map(
      ({ name, sinceMs }) => `${name} for ${Math.round((nowMs - sinceMs) / 1000)} s`,
    );
  }

  #begin(): void {
    if (this.#open.size >= MAX_OPEN) {
      this.skipped += 1;
      return;
    }
    this.begun += 1;
    const number = this.begun;
    const [name, visit] = drawVisit(VISITS, this.#random);
    /** Each visit has dice of its own: what it draws does not hang on when others ran. */
    const random = seededRandom(Math.floor(this.#random() * 2 ** 32));
    this.#open.set(number, { name, sinceMs: performance.now() });
    visit(this.#world, random)
      .catch((error: unknown) => this.#world.violation(`the visit "${name}" failed: ${String(error)}`))
      .finally(() => this.#open.delete(number));
  }
}
