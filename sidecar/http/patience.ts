/**
 * How long a server connection waits: for its next request, for a head to be completed, for a peer to close. Idle
 * connections are found lazily, so that a request does not have to set a deadline.
 */
import type { Clock } from '#api/foundation/clock.ts';
import { Deadline, type Deadlines } from '#sidecar/tcp/deadlines.ts';
import { DOWNSTREAM_IDLE_MS, DRAIN_IDLE_MS, FLUSH_MS, HEAD_TIMEOUT_MS, LINGER_MS } from './limits.ts';

export interface Impatient {
  /** No request is under way. */
  readonly idle: boolean;
  readonly draining: boolean;
  /** Written bytes still wait for the peer. */
  readonly blocked: boolean;
  onIdleTooLong(): void;
  onHeadLate(): void;
  onLingerOver(): void;
}

export class Patience {
  readonly #owner: Impatient;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #deadline: Deadline = new Deadline(() => this.#expire());
  #waitsFor: 'request' | 'head' | 'close' = 'request';
  /** When the last request was read, or the last word said. */
  #lastUsedMs: number;

  constructor(owner: Impatient, clock: Clock, deadlines: Deadlines) {
    this.#owner = owner;
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#lastUsedMs = clock.nowMs();
    deadlines.set(this.#deadline, DOWNSTREAM_IDLE_MS);
  }

  stop(): void {
    this.#deadlines.clear(this.#deadline);
  }

  /** A head has begun: it must be complete in time, however its bytes trickle in. */
  headBegan(): void {
    if (this.#waitsFor !== 'request') return;
    this.#waitsFor = 'head';
    this.#deadlines.set(this.#deadline, HEAD_TIMEOUT_MS);
  }

  /** A request was read. */
  headEnded(nowMs: number): void {
    this.#lastUsedMs = nowMs;
    if (this.#waitsFor === 'head') this.#waitsFor = 'request';
  }

  /** A connection that a drain wants to end is without a request. */
  idleInDrain(): void {
    this.#deadlines.set(this.#deadline, DRAIN_IDLE_MS);
  }

  /** All is said; the peer is left to close. */
  linger(): void {
    this.#waitsFor = 'close';
    this.#lastUsedMs = this.#clock.nowMs();
    this.#deadlines.set(this.#deadline, LINGER_MS);
  }

  #expire(): void {
    if (this.#waitsFor === 'close') this.#lingered();
    else if (this.#waitsFor === 'head') this.#owner.onHeadLate();
    else this.#checkIdle();
  }

  /** A slow reader gets its last bytes before the connection is cut. */
  #lingered(): void {
    const slow = this.#owner.blocked && this.#clock.nowMs() - this.#lastUsedMs < FLUSH_MS;
    if (slow) this.#deadlines.set(this.#deadline, LINGER_MS);
    else this.#owner.onLingerOver();
  }

  #checkIdle(): void {
    const limitMs = this.#owner.draining ? DRAIN_IDLE_MS : DOWNSTREAM_IDLE_MS;
    if (this.#owner.idle && this.#clock.nowMs() - this.#lastUsedMs >= limitMs) this.#owner.onIdleTooLong();
    else this.#deadlines.set(this.#deadline, limitMs);
  }
}
