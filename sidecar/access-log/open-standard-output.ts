import { constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { WriteOctets } from './standard-output.ts';

const STDOUT = 1;

/**
 * Writes to standard output, never so that a thread waits for the reader: one that waits would keep the process from
 * ending. A pipe is opened once more for that, which leaves the descriptor as it is that others may share. It takes a
 * batch or refuses it at once, so that it is written right here: to wake another thread for it costs more than the copy.
 */
export function openStandardOutput(): WriteOctets {
  if (fstatSync(STDOUT).isSocket()) return toSocket(new Socket({ fd: STDOUT, readable: false }));
  const descriptor = openWithoutWaiting() ?? STDOUT;
  if (descriptor !== STDOUT && fstatSync(descriptor).isFIFO()) return toPipe(descriptor);
  return (octets, start, length, done) => write(descriptor, octets, start, length, null, done);
}

function toPipe(descriptor: number): WriteOctets {
  return (octets, start, length, done) => {
    let written: number;
    try {
      written = writeSync(descriptor, octets, start, length);
    } catch (error) {
      done(error as Error, 0);
      return;
    }
    done(null, written);
  };
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
