import { codeOf, messageOf } from '#api/foundation/errors.ts';
import { carryOut, type Subject } from './carry-out.ts';
import { type Action, actionKey } from './decision.ts';
import type { PodTools } from './pod-tools.ts';
import { failureDelay } from './restart-backoff.ts';

/** A kill that was sent is sent again if the container is still there after this. */
const KILL_AGAIN_MS = 2_000;

/** Carries a pod's actions out, several at a time but each once, and remembers which ones failed a moment ago. */
export class ActionRunner {
  /** Keys of what is under way. */
  readonly busy = new Set<string>();
  /** Keys of what is not worth trying yet, and until when. */
  readonly cooling = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #subject: Subject;
  readonly #tools: PodTools;
  readonly #onFailure: (action: Action, error: unknown) => void;
  readonly #onEnd: () => void;

  constructor(
    subject: Subject,
    tools: PodTools,
    on: { readonly failure: (action: Action, error: unknown) => void; readonly end: () => void },
  ) {
    this.#subject = subject;
    this.#tools = tools;
    this.#onFailure = on.failure;
    this.#onEnd = on.end;
  }

  async run(action: Action): Promise<void> {
    const { clock, logger } = this.#tools;
    const key = actionKey(action);
    const startedMs = clock.nowMs();
    this.busy.add(key);
    try {
      await carryOut(action, this.#subject, this.#tools);
      logger.debug('action done', { action: key, ms: Math.round(clock.nowMs() - startedMs) });
      this.#failures.delete(key);
      if (action.do === 'kill') this.cooling.set(key, clock.wallMs() + KILL_AGAIN_MS);
    } catch (error) {
      logger.warn('action failed', { action: key, code: codeOf(error), reason: messageOf(error) });
      this.#coolDown(action, key);
      this.#onFailure(action, error);
    } finally {
      this.#tools.acted?.(action, (clock.nowMs() - startedMs) / 1000);
      this.busy.delete(key);
      this.#onEnd();
    }
  }

  /** Containers that cannot be made wait by their own record. */
  #coolDown(action: Action, key: string): void {
    if (action.do === 'create' || action.do === 'start') return;
    const delayMs = failureDelay(this.#failures.get(key));
    this.#failures.set(key, delayMs);
    this.cooling.set(key, this.#tools.clock.wallMs() + delayMs);
  }
}
