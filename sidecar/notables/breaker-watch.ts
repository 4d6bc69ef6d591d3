/**
 * Sees breakers open and close by looking at what they count anyway, once a second: a request costs nothing more for
 * it. A breaker counts as open from the first look that finds that it refused something, until it refused nothing for
 * a while; a ceiling that is met and refuses nobody is no news.
 */
import type { Clock, Timer } from '#api/foundation/clock.ts';
import { BREAKERS, type NotableFact } from '#api/mesh/notable.ts';
import type { CircuitBreakers } from '#sidecar/upstream/circuit-breakers.ts';
import type { ServiceIdentity } from '#sidecar/upstream/cluster.ts';

const LOOK_MS = 1_000;
/** Longer than the pauses of a load that comes in waves. */
const QUIET_MS = 10_000;

export interface Watched {
  readonly service: Pick<ServiceIdentity, 'host'>;
  readonly breakers: CircuitBreakers;
}

type Breaker = (typeof BREAKERS)[number];

interface Overflowing {
  readonly host: string;
  readonly openedAt: number;
  seen: number;
  quietSinceMs: number;
}

export class BreakerWatch {
  readonly #clusters: () => Iterable<Watched>;
  readonly #clock: Clock;
  readonly #tell: (fact: NotableFact) => void;
  /** Overflows at the last look; a cluster's successor goes on with its breakers. */
  readonly #seen = new WeakMap<CircuitBreakers, number[]>();
  readonly #open = new Map<CircuitBreakers, Map<Breaker, Overflowing>>();
  #timer: Timer;

  constructor(clusters: () => Iterable<Watched>, clock: Clock, tell: (fact: NotableFact) => void) {
    this.#clusters = clusters;
    this.#clock = clock;
    this.#tell = tell;
    this.#timer = clock.after(LOOK_MS, () => this.#look());
  }

  close(): void {
    this.#timer.cancel();
  }

  #look(): void {
    const nowMs = this.#clock.nowMs();
    for (const { service, breakers } of this.#clusters()) this.#lookAt(service.host, breakers, nowMs);
    for (const [breakers, open] of this.#open) {
      for (const [name, state] of open)
        if (nowMs - state.quietSinceMs >= QUIET_MS) this.#closed(open, name, state);
      if (open.size === 0) this.#open.delete(breakers);
    }
    this.#timer = this.#clock.after(LOOK_MS, () => this.#look());
  }

  #lookAt(host: string, breakers: CircuitBreakers, nowMs: number): void {
    let seen = this.#seen.get(breakers);
    if (seen === undefined) {
      seen = BREAKERS.map(() => 0);
      this.#seen.set(breakers, seen);
    }
    for (let i = 0; i < BREAKERS.length; i += 1) {
      const name = BREAKERS[i]!;
      const { overflows, limit } = breakers[name];
      const before = seen[i]!;
      if (overflows === before) continue;
      seen[i] = overflows;
      this.#overflowed(breakers, name, { host, before, overflows, limit, nowMs });
    }
  }

  #overflowed(
    breakers: CircuitBreakers,
    breaker: Breaker,
    now: { host: string; before: number; overflows: number; limit: number; nowMs: number },
  ): void {
    const { host, before, overflows, limit, nowMs } = now;
    const open = this.#open.get(breakers) ?? new Map<Breaker, Overflowing>();
    this.#open.set(breakers, open);
    const state = open.get(breaker);
    if (state === undefined) {
      open.set(breaker, { host, openedAt: before, seen: overflows, quietSinceMs: nowMs });
      this.#tell({ what: 'breaker-opened', service: host, breaker, limit });
    } else {
      state.seen = overflows;
      state.quietSinceMs = nowMs;
    }
  }

  #closed(open: Map<Breaker, Overflowing>, breaker: Breaker, { host, seen, openedAt }: Overflowing): void {
    open.delete(breaker);
    this.#tell({ what: 'breaker-closed', service: host, breaker, refused: seen - openedAt });
  }
}
