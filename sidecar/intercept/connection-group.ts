import type { Clock } from '#api/foundation/clock.ts';
import type { FilterChains } from '#sidecar/discovery/snapshot.ts';
import type { Wire } from '#sidecar/tcp/wire.ts';
import type { OriginalDestination } from '#sidecar/upstream/cluster.ts';
import { CapturedConnection, type CaptureSettings } from './captured-connection.ts';

/** How often a drain looks whether anything is still under way. */
const DRAIN_CHECK_MS = 20;

/** Connections that begin at the same listener and end with it. */
export class ConnectionGroup {
  readonly #settings: CaptureSettings;
  readonly #connections = new Set<CapturedConnection>();

  constructor(settings: CaptureSettings) {
    this.#settings = settings;
  }

  get size(): number {
    return this.#connections.size;
  }

  /** The wire must not read yet. */
  carry(wire: Wire, chains: FilterChains, original: OriginalDestination): void {
    const { gate, refusals } = this.#settings;
    if (!gate.take()) {
      refusals.write(`this sidecar has ${gate.limit} connections, all that its open files allow`);
      wire.reset();
      return;
    }
    const done = (gone: CapturedConnection): void => {
      if (this.#connections.delete(gone)) gate.give();
    };
    const connection = new CapturedConnection(wire, chains, original, this.#settings, done);
    this.#connections.add(connection);
    connection.start();
  }

  /** The kernel had a connection, and this process no descriptor for it. */
  unaccepted(error: Error): void {
    const { gate, refusals } = this.#settings;
    gate.refused += 1;
    refusals.write(`it could not be accepted: ${error.message}`);
  }

  /** Lets what is under way end; resolves when nothing is left, or after `timeoutMs`. */
  async drain(timeoutMs: number, clock: Clock): Promise<void> {
    for (const connection of this.#connections) connection.drain();
    const endMs = clock.nowMs() + timeoutMs;
    while (this.#connections.size > 0 && clock.nowMs() < endMs) {
      await new Promise<void>((resolve) => clock.after(DRAIN_CHECK_MS, resolve));
    }
  }

  /** Lets those end of which `isOver` says that their configuration is gone. */
  drainThose(isOver: (connection: CapturedConnection) => boolean): void {
    for (const connection of this.#connections) if (isOver(connection)) connection.drain();
  }

  destroy(): void {
    for (const connection of this.#connections) connection.destroy();
  }
}
