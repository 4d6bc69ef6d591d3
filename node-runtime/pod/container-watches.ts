import { sleep } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import { type HealthWatch, type WatchRequest, watchHealth } from './container-health.ts';
import type { ContainerView } from './containers.ts';
import type { Member } from './members.ts';
import type { PodTools } from './pod-tools.ts';

/** How soon a container whose exit could not be followed is looked at again. */
const LOOK_AGAIN_MS = 1_000;

interface Watch {
  readonly attempt: number;
  readonly exit: AbortController;
  health: HealthWatch | undefined;
}

export interface Followed {
  readonly member: Member;
  readonly attempt: number;
  readonly id: string;
  /** Probes wait until the postStart hook is through. */
  readonly settled: boolean;
  readonly health: Omit<WatchRequest, 'member'>;
  readonly onView: (view: ContainerView) => void;
}

/** Follows the running containers of a pod: each one's exit, and its health once it has settled. */
export class ContainerWatches {
  readonly #tools: PodTools;
  readonly #watches = new Map<string, Watch>();

  constructor(tools: PodTools) {
    this.#tools = tools;
  }

  follow(followed: Followed): void {
    const { member, attempt, settled } = followed;
    const known = this.#watches.get(member.name);
    const watch = known ?? { attempt, exit: new AbortController(), health: undefined };
    if (known === undefined) {
      this.#watches.set(member.name, watch);
      void this.#awaitExit(followed, watch.exit.signal);
    }
    if (settled) watch.health ??= watchHealth({ ...followed.health, member }, this.#tools);
  }

  /** Lets go of a container unless it is this attempt that is followed. True when something was let go. */
  release(name: string, unlessAttempt?: number): boolean {
    const watch = this.#watches.get(name);
    if (watch === undefined || watch.attempt === unlessAttempt) return false;
    this.#watches.delete(name);
    watch.exit.abort();
    watch.health?.stop();
    return true;
  }

  stop(): void {
    for (const name of [...this.#watches.keys()]) this.release(name);
  }

  /** An exit must not be missed: what cannot be followed is looked at again and again. */
  async #awaitExit({ id, member, onView }: Followed, signal: AbortSignal): Promise<void> {
    const { clock, containers, logger } = this.#tools;
    while (!signal.aborted) {
      try {
        const exit = await containers.exited(id, signal);
        if (!signal.aborted) onView({ state: 'exited', exit });
        return;
      } catch (error) {
        if (signal.aborted) return;
        logger.warn('exit cannot be followed', { container: member.name, reason: messageOf(error) });
      }
      const view = await containers.view(id).catch(() => undefined);
      if (signal.aborted) return;
      if (view !== undefined && view.state !== 'running') {
        onView(view);
        return;
      }
      await sleep(clock, LOOK_AGAIN_MS, signal).catch(() => {});
    }
  }
}
