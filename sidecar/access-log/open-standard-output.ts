import { constants, fstatSync, openSync, write } from 'node:fs';
import { Socket } from 'node:net';
import type { WriteOctets } from './standard-output.ts';

const STDOUT = 1;

/**
 * Writes to standard output, never so that a thread waits for the reader: one that waits would keep the process from
 * ending. A pipe is opened once more for that, which leaves the descriptor as it is that others may share.
 */
export function openStandardOutput(): WriteOctets {
  if (fstatSync(STDOUT).isSocket()) return toSocket(new Socket({ fd: STDOUT, readable: false }));
  const descriptor = openWithoutWaiting() ?? STDOUT;
  return (octets, start, length, done) => write(descriptor, octets, start, length, null, done);
}

function toSocket(socket: Socket): WriteOctets {
  socket.on('error', () => {});
  socket.unref();
  return (octets, start, length, done) => {
    socket.write(octets.subarray(start, start + length), (error) => done(error ?? null, error ? 0 : length));
  };
}

/** Undefined where that cannot be had, as of a pipe that another user made. */
function openWithoutWaiting(): number | undefined {
  try {
    return openSync(
      `/proc/self/fd/${STDOUT}`,
      constants.O_WRONLY | constants.O_NONBLOCK | constants.O_APPEND,
    );
  } catch {
    return undefined;
  }
}
