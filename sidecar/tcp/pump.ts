/**
 * Joins two wires: what one sends, the other gets, at the pace of the slower one; an end travels alone, so that a
 * half-closed connection stays half-closed; a failure of one side reaches the other as a reset.
 */
import type { Wire, WireReader } from './wire.ts';

/** Hears what passes. `client` is the side that opened the connection. */
export interface PumpListener {
  onSent(bytes: number): void;
  onReceived(bytes: number): void;
  /** Both sides are closed; `failed` is the side that failed first, if one did. */
  onClosed(failed: Side | undefined): void;
}

export type Side = 'client' | 'server';

export class Pump {
  readonly #client: Wire;
  readonly #server: Wire;
  readonly #listener: PumpListener;
  #open = 2;
  #failed: Side | undefined;

  /** Both wires must be open; they are read from now on. */
  constructor(client: Wire, server: Wire, listener: PumpListener) {
    this.#client = client;
    this.#server = server;
    this.#listener = listener;
    client.reader = this.#direction('client', client, server, (bytes) => listener.onSent(bytes));
    server.reader = this.#direction('server', server, client, (bytes) => listener.onReceived(bytes));
  }

  /** Starts to read; ends that came before are passed on. Bytes that were read before must have been sent already. */
  start(): void {
    if (this.#client.ended) this.#server.end();
    if (this.#server.ended) this.#client.end();
    if (!this.#server.blocked) this.#client.resume();
    if (!this.#client.blocked) this.#server.resume();
  }

  #direction(side: Side, from: Wire, to: Wire, count: (bytes: number) => void): WireReader {
    return {
      onBytes: (bytes, length) => {
        count(length);
        to.sendCopy(bytes, 0, length);
        if (to.blocked) from.pause();
      },
      onEnd: () => to.end(),
      onDrain: () => to.resume(),
      onClose: (error) => this.#closed(to, error === undefined ? undefined : side),
    };
  }

  /** A side that closed without an error has passed its end on; the other may still have bytes on their way. */
  #closed(other: Wire, failed: Side | undefined): void {
    this.#failed ??= failed;
    this.#open -= 1;
    if (this.#open === 0) {
      this.#listener.onClosed(this.#failed);
      return;
    }
    if (failed !== undefined) other.reset();
    else other.end();
  }
}
