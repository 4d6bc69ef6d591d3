/**
 * How long a server connection waits: for its next request, for a head to be completed, for bytes of a request or a
 * response to move, for a peer to close. Whether something moved is found out by a look now and then, so that neither a
 * request nor a read has to set a deadline: a wait ends at its limit, or up to an eighth of the smallest limit later.
 */
import type { Clock } from '#api/foundation/clock.ts';
import { Deadline, type Deadlines } from '#sidecar/tcp/deadlines.ts';
import { DRAIN_IDLE_MS, FLUSH_MS, LINGER_MS } from './limits.ts';
import { type ServerLimits, SLOW_CLIENT_MS } from './server-limits.ts';

export interface Impatient {
  /** No request is under way. */
  readonly idle: boolean;
  readonly draining: boolean;
  /** Written bytes still wait for the peer. */
  readonly blocked: boolean;
  /** Grows with every byte that is read of a request and every byte of a response. */
  readonly progress: number;
  /** The peer holds up what is under way. */
  readonly owed: boolean;
  onIdleTooLong(): void;
  /** A request is under way, and nothing moved for `ms`. */
  onStreamIdle(ms: number): void;
  onHeadLate(): void;
  onLingerOver(): void;
  /** Ends the connection as soon as no request can be lost by it. */
  drain(): void;
}

/** Looks within the smallest limit. */
const LOOKS = 8;

export class Patience {
  readonly #owner: Impatient;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #limits: ServerLimits;
  readonly #lookMs: number;
  readonly #expiresMs: number;
  readonly #deadline: Deadline = new Deadline(() => this.#expire());
  #waitsFor: 'request' | 'head' | 'close' = 'request';
  /** When the last request was read, or the last word said. */
  #lastUsedMs: number;
  #progress = 0;
  /** When something had moved since the look before, at the latest. */
  #lastMovedMs: number;

  constructor(owner: Impatient, clock: Clock, deadlines: Deadlines, limits: ServerLimits) {
    const nowMs = clock.nowMs();
    this.#owner = owner;
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#limits = limits;
    this.#lookMs = lookEveryMs(limits);
    this.#expiresMs = nowMs + orNever(limits.maxConnectionMs);
    this.#lastUsedMs = nowMs;
    this.#lastMovedMs = nowMs;
    deadlines.set(this.#deadline, this.#lookMs);
  }

  stop(): void {
    this.#deadlines.clear(this.#deadline);
  }

  /** A head has begun: it must be complete in time, however its bytes trickle in. */
  headBegan(): void {
    if (this.#waitsFor !== 'request' || this.#limits.headTimeoutMs === 0) return;
    this.#waitsFor = 'head';
    this.#deadlines.set(this.#deadline, this.#limits.headTimeoutMs);
  }

  /** A request was read. */
  headEnded(nowMs: number): void {
    this.#lastUsedMs = nowMs;
    if (nowMs >= this.#expiresMs) this.#owner.drain();
    if (this.#waitsFor === 'head') this.#headCame();
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

  #headCame(): void {
    this.#waitsFor = 'request';
    this.#deadlines.set(this.#deadline, this.#lookMs);
  }

  #expire(): void {
    if (this.#waitsFor === 'close') this.#lingered();
    else if (this.#waitsFor === 'head') this.#owner.onHeadLate();
    else this.#look();
  }

  /** A slow reader gets its last bytes before the connection is cut. */
  #lingered(): void {
    const slow = this.#owner.blocked && this.#clock.nowMs() - this.#lastUsedMs < FLUSH_MS;
    if (slow) this.#deadlines.set(this.#deadline, LINGER_MS);
    else this.#owner.onLingerOver();
  }

  #look(): void {
    const owner = this.#owner;
    const nowMs = this.#clock.nowMs();
    if (nowMs >= this.#expiresMs) owner.drain();
    if (owner.idle && owner.draining) this.#lookInDrain(nowMs);
    else if (this.#quietMs(nowMs) < this.#limitMs()) this.#deadlines.set(this.#deadline, this.#lookMs);
    else if (owner.idle) owner.onIdleTooLong();
    else {
      this.#deadlines.set(this.#deadline, this.#lookMs);
      owner.onStreamIdle(nowMs - this.#lastMovedMs);
    }
  }

  #lookInDrain(nowMs: number): void {
    if (nowMs - this.#lastUsedMs >= DRAIN_IDLE_MS) this.#owner.onIdleTooLong();
    else this.#deadlines.set(this.#deadline, DRAIN_IDLE_MS);
  }

  /** For how long nothing has moved, at least. */
  #quietMs(nowMs: number): number {
    const { progress, idle, owed } = this.#owner;
    const mayBeQuiet = !idle && !owed && this.#limits.streamIdleMs === 0;
    if (progress !== this.#progress || mayBeQuiet) {
      this.#progress = progress;
      this.#lastMovedMs = nowMs;
    }
    return nowMs - this.#lastMovedMs;
  }

  #limitMs(): number {
    const { idleMs, streamIdleMs } = this.#limits;
    return this.#owner.idle ? orNever(idleMs) : streamIdleMs === 0 ? SLOW_CLIENT_MS : streamIdleMs;
  }
}

function lookEveryMs({ idleMs, streamIdleMs, maxConnectionMs }: ServerLimits): number {
  const stream = streamIdleMs === 0 ? SLOW_CLIENT_MS : streamIdleMs;
  return Math.ceil(Math.min(orNever(idleMs), stream, orNever(maxConnectionMs)) / LOOKS);
}

function orNever(ms: number): number {
  return ms === 0 ? Number.POSITIVE_INFINITY : ms;
}
