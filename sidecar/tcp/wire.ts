/**
 * A socket as the data path uses it: reads come as a view of one buffer that all sockets share, and whoever reads
 * can be replaced (detection hands over to HTTP or to an opaque pump) without touching the socket.
 *
 * Streams and their `'data'` events cost more than everything else that a small request needs here; `onread`
 * callbacks cost next to nothing, but their bytes are gone when the callback returns.
 */
import type { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { writeDirectly } from './direct-write.ts';
import { giveBack, smallWriteBuffer, type WriteBuffer, writeBufferFor } from './write-buffer.ts';
import { type PutOff, WriteTurn } from './write-turn.ts';

/** Who reads a wire. Bytes are valid only during the call. */
export interface WireReader {
  onBytes(bytes: Buffer, length: number): void;
  /** The peer sends no more. */
  onEnd(): void;
  /** Everything that was written has left; comes after each write that found the wire blocked. */
  onDrain(): void;
  /** The socket is gone, with the error that ended it if one did. Comes exactly once. */
  onClose(error: Error | undefined): void;
}

const turn = new WriteTurn(setImmediate);

export class Wire implements PutOff {
  readonly socket: Socket;
  reader: WireReader;
  /** The peer has ended its side. */
  ended = false;
  #paused = false;
  #error: Error | undefined;
  #lent: Buffer | undefined;
  /** Waits for the end of the turn. */
  #putOff: Uint8Array | undefined;
  /** The write buffer that it stands in, if it is one. */
  #putOffIn: Buffer | undefined;
  /** A direct write goes on. */
  #pending = false;
  /** A write failed: nothing more is written. */
  #broken = false;
  /** The peer has reset the connection before it ended its side. */
  #cutOff = false;
  readonly #written = (status: number): void => this.#onWritten(status);
  /** The socket below TLS. */
  readonly #raw: Socket | undefined;
  readonly #flushed = (): void => this.#onDrain();

  /**
   * The socket must have a `writableHighWaterMark` of 1, so that it drains after every write that had to wait; or be one
   * of TLS, around `raw`.
   */
  constructor(socket: Socket, reader: WireReader, raw?: Socket) {
    this.socket = socket;
    this.#raw = raw;
    this.reader = reader;
    this.#paused = socket.isPaused();
    socket.on('end', () => {
      if (this.#cutOff) return;
      this.ended = true;
      this.reader.onEnd();
    });
    if (raw === undefined) socket.on('drain', () => this.#onDrain());
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => this.reader.onClose(this.#error));
  }

  /** Written bytes wait for the peer: whoever feeds this wire should stop until `onDrain`. */
  get blocked(): boolean {
    return this.#pending || this.socket.writableLength !== 0;
  }

  get closed(): boolean {
    return this.socket.destroyed;
  }

  /** Writes the first `length` bytes of a write buffer, which is free for the next message at once. */
  send(buffer: WriteBuffer, length: number): void {
    this.sendOwned(buffer.bytes.subarray(0, length));
    if (this.#putOff !== undefined) this.#putOffIn = buffer.lend();
    else if (this.blocked) this.#lent = buffer.lend();
  }

  /** Writes bytes that nobody changes until they have left; before that, `flush` if they have to be gone. */
  sendOwned(bytes: Uint8Array): void {
    if (this.#putOff !== undefined) this.flush();
    else if (this.#mayWait(bytes) && turn.takes(this)) {
      this.#putOff = bytes;
      return;
    }
    this.#write(bytes);
  }

  /** Writes what waits for the end of the turn. */
  flush(): void {
    const bytes = this.#putOff;
    if (bytes === undefined) return;
    const lent = this.#putOffIn;
    this.#putOff = undefined;
    this.#putOffIn = undefined;
    if (!this.closed) this.#write(bytes);
    if (lent === undefined) return;
    if (this.blocked) this.#lent = lent;
    else giveBack(lent);
  }

  /** Large writes last long enough, TLS gathers its records itself, and what is blocked waits anyway. */
  #mayWait(bytes: Uint8Array): boolean {
    return bytes.length <= smallWriteBuffer.size && this.#raw === undefined && !this.#pending;
  }

  #write(bytes: Uint8Array): void {
    if (this.#broken) return;
    if (this.#raw !== undefined) {
      this.socket.write(bytes, this.#flushed);
      return;
    }
    if (this.#pending) {
      this.socket.write(bytes);
      return;
    }
    const outcome = writeDirectly(this.socket, bytes, this.#written);
    if (outcome === 'refused') this.socket.write(bytes);
    else if (outcome === 'pending') this.#pending = true;
  }

  /** Writes a copy of `bytes[start, end)`, at most what one read brings. */
  sendCopy(bytes: Buffer, start: number, end: number): void {
    const buffer = writeBufferFor(end - start);
    bytes.copy(buffer.bytes, 0, start, end);
    this.send(buffer, end - start);
  }

  /** Stops reading. Without reading, an end of the peer goes unseen too. */
  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.socket.resume();
  }

  /** Ends this side; the peer may go on sending. */
  end(): void {
    this.flush();
    this.socket.end();
  }

  /** Closes both sides; what waits to be written is dropped. */
  destroy(): void {
    this.flush();
    this.socket.destroy();
  }

  /** Closes with a reset, so that the peer cannot take what it got for complete. */
  reset(): void {
    this.flush();
    if (this.socket.writableEnded) this.socket.destroy();
    else (this.#raw ?? this.socket).resetAndDestroy();
  }

  #onWritten(status: number): void {
    this.#pending = false;
    if (status === 0) this.#onDrain();
    else this.#break(status);
  }

  /**
   * A peer that takes no more may have said why: a server that refuses an upload answers and closes. So what it sent is
   * read before the socket goes, in a turn of the event loop for its bytes and one for its end. The kernel tells of a reset
   * once, here, and lets the stream end for those who read; only after the peer's own end (EPIPE) is that the truth.
   */
  #break(status: number): void {
    if (this.#broken) return;
    this.#broken = true;
    const name = getSystemErrorName(status);
    this.#cutOff = name !== 'EPIPE';
    const error = new Error(`write ${name}`);
    setImmediate(() => setImmediate(() => setImmediate(() => this.socket.destroy(error))));
  }

  #onDrain(): void {
    if (this.blocked) return;
    if (this.#lent !== undefined) giveBack(this.#lent);
    this.#lent = undefined;
    this.reader.onDrain();
  }
}
