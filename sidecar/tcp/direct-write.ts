/**
 * Writes past the stream in front of a socket, which costs as much as the rest of a small write in user space. It uses
 * what `net.Socket` itself uses, as it is in one release of Node; with any other, writes take the public way.
 */
import type { Socket } from 'node:net';

/** A write that the kernel did not take at once. */
interface PendingWrite {
  oncomplete: (status: number) => void;
  /** Keeps the bytes alive. */
  buffer: Uint8Array;
  /** Set when it was over before `oncomplete` was. */
  writeStatus: number | null;
}

interface Handle {
  /** 0, an error number, or the write that goes on. */
  writeBuffer(request: null, bytes: Uint8Array): number | PendingWrite;
}

/** The releases whose handles were looked at. */
const KNOWN_RELEASE = /^v26\.10\./;

const isKnown = KNOWN_RELEASE.test(process.version);

/** Whether `socket` can be written directly: an open TCP socket of a known release, with nothing waiting in its stream. */
function handleOf(socket: Socket): Handle | undefined {
  if (!isKnown || socket.connecting || socket.writableEnded || socket.writableLength !== 0) return undefined;
  return (socket as unknown as { _handle: Handle | null })._handle ?? undefined;
}

/**
 * Writes `bytes`. `pending`: they must stay as they are until `done` is called. `refused`: nothing was done, the socket
 * has to be written through its stream.
 */
export function writeDirectly(
  socket: Socket,
  bytes: Uint8Array,
  done: (status: number) => void,
): 'written' | 'pending' | 'refused' {
  const handle = handleOf(socket);
  if (handle === undefined) return 'refused';
  const result = handle.writeBuffer(null, bytes);
  if (result === 0) return 'written';
  if (typeof result === 'number') {
    done(result);
    return 'written';
  }
  result.oncomplete = done;
  result.buffer = bytes;
  if (result.writeStatus === null) return 'pending';
  done(result.writeStatus);
  return 'written';
}
