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

  /**
   * Keeps what is left of `taken`, which was handed over last, from `start` on: in place as long as that is most of it, so
   * that many small requests are not copied once for each of them.
   */
  putBack(taken: Buffer, start: number): void {
    const left = taken.length - start;
    if (2 * left > taken.buffer.byteLength) {
      this.#bytes = taken.subarray(start);
      this.length = left;
    } else this.append(taken, start, taken.length);
  }
}

const EMPTY = Buffer.alloc(0);
