/**
 * What the sidecar takes for `node:ffi` in a soak: the same, but that `getsockopt` answers for the kernel where a connection
 * was going, by the address that it comes from.
 */
import { dlopen as realDlopen, getRawPointer as realPointer } from 'node:ffi';
import { addressOf, type Destination } from './destinations.ts';

const AF_INET = 2;
const SOCKADDR_BYTES = 28;

const destinations = JSON.parse(process.env['WEFT_SOAK_DESTINATIONS'] ?? '[]') as readonly Destination[];
const { functions } = realDlopen('libc.so.6', {
  getpeername: { arguments: ['i32', 'pointer', 'pointer'], return: 'i32' },
});
const peer = Buffer.alloc(SOCKADDR_BYTES);
const length = Buffer.alloc(4);
const peerPointer = realPointer(peer);
const lengthPointer = realPointer(length);
/** The buffers that `getRawPointer` was asked for, in order: the address comes first. */
const asked: Buffer[] = [];

export function getRawPointer(buffer: Buffer): unknown {
  asked.push(buffer);
  return realPointer(buffer);
}

type Definitions = Parameters<typeof realDlopen>[1];

export function dlopen(library: string, definitions: Definitions): { functions: Record<string, unknown> } {
  const real = realDlopen(library, definitions);
  return 'getsockopt' in (definitions ?? {}) ? { functions: { ...real.functions, getsockopt } } : real;
}

function getsockopt(fd: number): number {
  const answer = asked[0];
  length.writeInt32LE(SOCKADDR_BYTES);
  if (answer === undefined || functions['getpeername']!(fd, peerPointer, lengthPointer) !== 0) return -1;
  const destination = addressOf(destinations, peer.subarray(4, 8).join('.'));
  if (destination === undefined) return -1;
  answer.writeUInt16LE(AF_INET, 0);
  answer.writeUInt16BE(destination.port, 2);
  answer.set(destination.address.split('.').map(Number), 4);
  return 0;
}
