/**
 * A request as it must be sent again: its head with the body bytes that came with it, which are kept anyway, and a bounded
 * copy of those that came later. One byte too many and the request can only be sent once.
 */
import type { Wire } from '#sidecar/tcp/wire.ts';

/** Bytes of a request that are kept to be sent again. */
export const REPLAY_BYTES: number = 64 * 1024;

export class ReplayBuffer {
  #room: number;
  #pieces: Buffer[] | undefined = [];

  /** `length`: bytes of the request that are kept elsewhere. */
  constructor(length: number) {
    this.#room = REPLAY_BYTES - length;
  }

  /** All of the request so far can be sent again. */
  get whole(): boolean {
    return this.#pieces !== undefined;
  }

  add(bytes: Buffer, start: number, end: number): void {
    if (this.#pieces === undefined) return;
    this.#room -= end - start;
    if (this.#room < 0) this.#pieces = undefined;
    else this.#pieces.push(Buffer.from(bytes.subarray(start, end)));
  }

  /** Writes what came after the head. */
  sendTo(wire: Wire): void {
    for (const piece of this.#pieces ?? []) wire.sendOwned(piece);
  }
}
