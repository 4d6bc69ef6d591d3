import type { Clock, Timer } from '#api/foundation/clock.ts';
import { RESOURCE_TYPES, type ResourceType } from '#api/xds/resource-types.ts';
import type { View } from '#control-plane/translation/view.ts';
import type { WorldChange } from '#control-plane/translation/world.ts';
import { advance, type Composer, isQuiet, isWaiting } from './advance.ts';
import type { Member } from './fleet.ts';
import type { Identity } from './identity.ts';
import { markDirty, newSession, type Push, type SessionState } from './session-state.ts';

/**
 * How long changes are held back for acknowledgements of what they need. Long beside a round trip; a proxy that
 * acknowledges late or not at all still gets everything.
 */
const PATIENCE_MS = 2_000;

/** What one variant of the protocol does with its requests. */
export interface Variant<Request> {
  readonly composer: Composer;
  receive(state: SessionState, request: Request, view: View, now: number): Push[];
}

export interface SessionTools {
  readonly clock: Clock;
  /** The world's present generation. */
  readonly generation: () => number;
  readonly send: (push: Push) => void;
  /** A change has reached the proxy: seconds from the change to the last acknowledgement that it took. */
  readonly converged: (seconds: number) => void;
  /** All of a change was sent: seconds since the change. */
  readonly queued: (seconds: number) => void;
  /** Something moved that no request moved. */
  readonly progressed: () => void;
}

/** A connected proxy: its view of the world, its state, and the clock of its patience. */
export class ProxySession<Request> implements Member {
  readonly identity: Identity;
  readonly connectedAt: number;
  readonly state: SessionState = newSession();
  readonly #view: View;
  readonly #variant: Variant<Request>;
  readonly #tools: SessionTools;
  #patience: Timer | undefined;
  /** When the oldest change came that is not acknowledged. */
  #behindSinceMs: number | undefined;
  /** When the oldest change came that is not sent whole. */
  #waitingSinceMs: number | undefined;

  constructor(identity: Identity, view: View, variant: Variant<Request>, tools: SessionTools) {
    this.identity = identity;
    this.#view = view;
    this.#variant = variant;
    this.#tools = tools;
    this.connectedAt = tools.clock.wallMs();
  }

  receive(request: Request): void {
    this.#send(this.#variant.receive(this.state, request, this.#view, this.#tools.generation()));
    if (this.#behindSinceMs === undefined || !isQuiet(this.state)) return;
    this.#tools.converged((this.#tools.clock.nowMs() - this.#behindSinceMs) / 1000);
    this.#behindSinceMs = undefined;
  }

  changed(change: WorldChange, generation: number): void {
    for (const type of RESOURCE_TYPES) {
      const own = this.state.types[type];
      if (!own.started) continue;
      const names = this.#view.changed(type, change);
      markDirty(own, names === 'all' ? [...own.names] : names, generation);
    }
    if (isWaiting(this.state)) this.#waitingSinceMs ??= this.#tools.clock.nowMs();
    this.#advance();
    if (!isQuiet(this.state)) this.#behindSinceMs ??= this.#tools.clock.nowMs();
  }

  /** Names of a type that are there for this proxy and that it has not asked for. */
  unasked(type: ResourceType): string[] {
    const { names } = this.state.types[type];
    return [...this.#view.names(type)].filter((name) => !names.has(name));
  }

  close(): void {
    this.#patience?.cancel();
    this.#view.release();
  }

  #advance(): void {
    this.#send(advance(this.state, this.#view, this.#tools.generation(), this.#variant.composer));
  }

  #send(pushes: readonly Push[]): void {
    for (const push of pushes) this.#tools.send(push);
    if (!isWaiting(this.state)) {
      this.#noteSent();
      this.#patience?.cancel();
      this.#patience = undefined;
    } else if (this.#patience === undefined) {
      this.#patience = this.#tools.clock.after(PATIENCE_MS, () => this.#losePatience());
    }
  }

  #noteSent(): void {
    if (this.#waitingSinceMs === undefined) return;
    this.#tools.queued((this.#tools.clock.nowMs() - this.#waitingSinceMs) / 1000);
    this.#waitingSinceMs = undefined;
  }

  #losePatience(): void {
    this.#patience = undefined;
    this.state.impatient = true;
    this.state.awaitingEndpoints.clear();
    this.#advance();
    this.#tools.progressed();
  }
}
