/** Messages on a gRPC stream (PROTOCOL-HTTP2.md, "Length-Prefixed-Message"): a byte that says compressed, four of length, the message. */

const PREFIX_BYTES = 5;

/** The stream cannot go on; the message begins with a gRPC status. */
export class UnreadableMessage extends Error {}

/** A message as it travels. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  framed.writeUInt8(0, 0);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

/** Puts messages together from the pieces in which they come. */
export class FrameReader {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #length = 0;

  /** `maxBytes`: the longest message that is taken. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The messages that `piece` completes. Throws an `UnreadableMessage`. */
  *take(piece: Buffer): Generator<Buffer> {
    this.#pieces.push(piece);
    this.#length += piece.length;
    while (this.#length >= PREFIX_BYTES) {
      const needed = PREFIX_BYTES + this.#messageLength();
      if (this.#length < needed) return;
      const all = this.#joined();
      this.#length -= needed;
      this.#pieces = this.#length === 0 ? [] : [all.subarray(needed)];
      yield all.subarray(PREFIX_BYTES, needed);
    }
  }

  #messageLength(): number {
    const first = this.#pieces[0]!;
    const prefix = first.length >= PREFIX_BYTES ? first : this.#joined();
    if (prefix[0] !== 0)
      throw new UnreadableMessage('INTERNAL: a message is compressed, which was not offered');
    const length = prefix.readUInt32BE(1);
    if (length <= this.#maxBytes) return length;
    throw new UnreadableMessage(
      `RESOURCE_EXHAUSTED: a message has ${length} bytes, at most ${this.#maxBytes} are taken`,
    );
  }

  #joined(): Buffer {
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces, this.#length)];
    return this.#pieces[0]!;
  }
}
