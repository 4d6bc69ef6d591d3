/**
 * Sockets without an event loop: the system calls themselves, by `node:ffi`. Node's own timers wake at whole milliseconds and its
 * sockets allocate for each request; a load that counts tens of microseconds would measure both.
 */
import ffi from 'node:ffi';
import { endianness } from 'node:os';

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCKADDR_IN_BYTES = 16;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const POLLIN = 1;
const POLLFD_BYTES = 8;
const REVENTS_OFFSET = 6;
const PR_SET_TIMERSLACK = 29;
const SCHED_FIFO = 1;

const { functions } = ffi.dlopen('libc.so.6', {
  socket: { arguments: ['i32', 'i32', 'i32'], return: 'i32' },
  connect: { arguments: ['i32', 'pointer', 'u32'], return: 'i32' },
  setsockopt: { arguments: ['i32', 'i32', 'i32', 'pointer', 'u32'], return: 'i32' },
  send: { arguments: ['i32', 'pointer', 'u64', 'i32'], return: 'i64' },
  recv: { arguments: ['i32', 'pointer', 'u64', 'i32'], return: 'i64' },
  ppoll: { arguments: ['pointer', 'u64', 'pointer', 'pointer'], return: 'i32' },
  sched_setscheduler: { arguments: ['i32', 'i32', 'pointer'], return: 'i32' },
  prctl: { arguments: ['i32', 'u64', 'u64', 'u64', 'u64'], return: 'i32' },
});

/** Memory that stays where it is while the kernel has its address, as long as this object is held. */
class Pinned {
  readonly bytes: Buffer;
  readonly address: bigint;

  constructor(length: number) {
    this.bytes = Buffer.from(new ArrayBuffer(length));
    this.address = ffi.getRawPointer(this.bytes);
  }
}

const address = new Pinned(SOCKADDR_IN_BYTES);
const on = new Pinned(4);
const priority = new Pinned(4);

/** A fixed number of connections to one port of this machine, and one blocking wait for all of them. */
export class Sockets {
  /** What the last `receive` brought is at its start. */
  readonly received: Buffer;
  readonly #received: Pinned;
  readonly #request: Pinned;
  readonly #polled: Pinned;
  readonly #timeout = new Pinned(16);
  readonly #fds: readonly number[];

  /** `request` is all that is ever sent. Throws when the port does not take connections. */
  constructor(port: number, count: number, request: string, answerBytes: number) {
    if (endianness() !== 'LE') throw new Error('the layout of pollfd is written here for little endian');
    beOnTime();
    this.#received = new Pinned(answerBytes);
    this.received = this.#received.bytes;
    this.#request = new Pinned(Buffer.byteLength(request, 'latin1'));
    this.#request.bytes.write(request, 'latin1');
    this.#fds = Array.from({ length: count }, () => connected(port));
    this.#polled = new Pinned(POLLFD_BYTES * count);
    for (const [i, fd] of this.#fds.entries()) {
      this.#polled.bytes.writeInt32LE(fd, POLLFD_BYTES * i);
      this.#polled.bytes.writeInt16LE(POLLIN, POLLFD_BYTES * i + 4);
    }
  }

  /** Sends the request on connection `i`. Throws when the kernel does not take it whole. */
  send(i: number): void {
    const length = this.#request.bytes.length;
    const sent = Number(
      functions['send']!(this.#fds[i]!, this.#request.address, BigInt(length), MSG_DONTWAIT | MSG_NOSIGNAL),
    );
    if (sent !== length) throw new Error(`connection ${i} took ${sent} of ${length} bytes`);
  }

  /** Blocks until bytes came on some connection, at most so long. Throws when the kernel refuses. */
  wait(ms: number): void {
    const nanoseconds = Math.max(0, Math.round(ms * 1e6));
    this.#timeout.bytes.writeBigInt64LE(BigInt(Math.floor(nanoseconds / 1e9)), 0);
    this.#timeout.bytes.writeBigInt64LE(BigInt(nanoseconds % 1e9), 8);
    const { length } = this.#fds;
    check('ppoll', functions['ppoll']!(this.#polled.address, BigInt(length), this.#timeout.address, 0n));
  }

  /** Whether the last wait found something on connection `i`: bytes, or its end. */
  isReadable(i: number): boolean {
    return this.#polled.bytes.readInt16LE(POLLFD_BYTES * i + REVENTS_OFFSET) !== 0;
  }

  /** Reads what is there on connection `i` into `received`. Throws when the connection was closed. */
  receive(i: number): number {
    const { address, bytes } = this.#received;
    const count = Number(functions['recv']!(this.#fds[i]!, address, BigInt(bytes.length), MSG_DONTWAIT));
    if (count <= 0) throw new Error(`connection ${i} was closed`);
    return count;
  }
}

/**
 * Timers without slack, and first in line for the core, so that other programs of the machine do not make the load late. The
 * second is root's to ask; where it is refused, the lateness that is reported says what that came to.
 */
function beOnTime(): void {
  check('prctl', functions['prctl']!(PR_SET_TIMERSLACK, 1n, 0n, 0n, 0n));
  priority.bytes.writeInt32LE(1);
  functions['sched_setscheduler']!(0, SCHED_FIFO, priority.address);
}

function connected(port: number): number {
  const fd = check('socket', functions['socket']!(AF_INET, SOCK_STREAM, 0));
  address.bytes.writeUInt16LE(AF_INET, 0);
  address.bytes.writeUInt16BE(port, 2);
  address.bytes.set([127, 0, 0, 1], 4);
  check('connect', functions['connect']!(fd, address.address, SOCKADDR_IN_BYTES));
  on.bytes.writeInt32LE(1);
  check('setsockopt', functions['setsockopt']!(fd, IPPROTO_TCP, TCP_NODELAY, on.address, on.bytes.length));
  return fd;
}

function check(call: string, result: unknown): number {
  if (Number(result) < 0) throw new Error(`${call} failed`);
  return Number(result);
}
