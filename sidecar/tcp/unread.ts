/** Bytes that were read but cannot be used yet: of an incomplete head, or of a request that came too early. */
export class Unread {
  #bytes: Buffer = EMPTY;
  length = 0;

  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Adds a copy of `from[start, end)`. */
  append(from: Buffer, start: number, end: number): void {
    const needed = this.length + end - start;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
      this.#bytes.copy(grown, 0, 0, this.length);
      this.#bytes = grown;
    }
    from.copy(this.#bytes, this.length, start, end);
    this.length = needed;
  }

  /** Hands over what was kept and forgets it. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.length);
    this.#bytes = EMPTY;
    this.length = 0;
    return taken;
  }
}

const EMPTY = Buffer.alloc(0);
