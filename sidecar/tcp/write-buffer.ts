/** How many buffers come back for another use instead of being left to the garbage collector. */
const MAX_SPARE = 64;

/**
 * Where a message is put together before it is written. One buffer serves all sockets, since most writes are done
 * when `write` returns; one whose bytes still wait is lent to its socket and replaced.
 */
export class WriteBuffer {
  readonly size: number;
  bytes: Buffer;
  readonly #spare: Buffer[] = [];

  constructor(size: number) {
    this.size = size;
    this.bytes = Buffer.allocUnsafeSlow(size);
  }

  /** Leaves the present bytes to the caller. */
  lend(): Buffer {
    const lent = this.bytes;
    this.bytes = this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.size);
    return lent;
  }

  takeBack(bytes: Buffer): void {
    if (this.#spare.length < MAX_SPARE) this.#spare.push(bytes);
  }
}

/** Bytes that one read brings at most. */
export const READ_BYTES: number = 64 * 1024;

/** For heads and small messages: a slow reader of these shall not hold a large buffer. */
export const smallWriteBuffer: WriteBuffer = new WriteBuffer(8 * 1024);

/** Holds a longest head, what is added to it, and the body bytes of one read. */
export const largeWriteBuffer: WriteBuffer = new WriteBuffer(2 * READ_BYTES + 8 * 1024);

/** The smaller buffer that holds `length` bytes, which are at most what a head and one read have. */
export function writeBufferFor(length: number): WriteBuffer {
  return length <= smallWriteBuffer.size ? smallWriteBuffer : largeWriteBuffer;
}

/** The buffer may be used again: what it lent has left. */
export function giveBack(bytes: Buffer): void {
  (bytes.length === smallWriteBuffer.size ? smallWriteBuffer : largeWriteBuffer).takeBack(bytes);
}
