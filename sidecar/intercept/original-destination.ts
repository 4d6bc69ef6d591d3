/**
 * Where a redirected connection was going: `SO_ORIGINAL_DST`, which only the kernel's connection tracking knows. Node has
 * no call for it. `node:ffi` makes it without a package; where it is missing, koffi does.
 */
import type { Socket } from 'node:net';
import type { OriginalDestination } from '#sidecar/upstream/cluster.ts';

export interface OriginalDestinationReader {
  /** Undefined when the connection was not redirected, or is gone. */
  read(socket: Socket): OriginalDestination | undefined;
}

/** `getsockopt(fd, level, SO_ORIGINAL_DST, address, length)` with buffers that stay in place; 0 on success. */
type GetSockOpt = (fd: number, level: number) => number;
type MakeGetSockOpt = (address: Buffer, length: Buffer) => Promise<GetSockOpt>;

const SO_ORIGINAL_DST = 80;
const SOL_IP = 0;
const SOL_IPV6 = 41;
const SOCKADDR_IN6_BYTES = 28;
const LIBC = 'libc.so.6';

const viaFfi: MakeGetSockOpt = async (address, length) => {
  const ffi = await import('node:ffi');
  const { functions } = ffi.dlopen(LIBC, {
    getsockopt: { arguments: ['i32', 'i32', 'i32', 'pointer', 'pointer'], return: 'i32' },
  });
  const addressPointer = ffi.getRawPointer(address);
  const lengthPointer = ffi.getRawPointer(length);
  return (fd, level) =>
    Number(functions['getsockopt']!(fd, level, SO_ORIGINAL_DST, addressPointer, lengthPointer));
};

const viaKoffi: MakeGetSockOpt = async (address, length) => {
  const { default: koffi } = await import('koffi');
  const getsockopt = koffi.load(LIBC).func('int getsockopt(int, int, int, void *, void *)');
  return (fd, level) => getsockopt(fd, level, SO_ORIGINAL_DST, address, length);
};

/** The first way that this Node offers. Throws when there is none. */
export async function createOriginalDestinationReader(): Promise<OriginalDestinationReader> {
  try {
    return await readerBy(viaFfi);
  } catch {
    return readerBy(viaKoffi);
  }
}

async function readerBy(make: MakeGetSockOpt): Promise<OriginalDestinationReader> {
  const address = Buffer.alloc(SOCKADDR_IN6_BYTES);
  const length = Buffer.alloc(4);
  const getsockopt = await make(address, length);
  return {
    read(socket) {
      const fd = (socket as unknown as { _handle: { fd: number } | null })._handle?.fd ?? -1;
      if (fd < 0) return undefined;
      length.writeInt32LE(SOCKADDR_IN6_BYTES);
      if (getsockopt(fd, isIpv4(socket) ? SOL_IP : SOL_IPV6) !== 0) return undefined;
      return parseSockAddr(address);
    },
  };
}

/** IPv4 connections to a listener on `::` count as IPv4 to connection tracking. */
function isIpv4(socket: Socket): boolean {
  return socket.remoteFamily === 'IPv4' || socket.remoteAddress?.startsWith('::ffff:') === true;
}

const AF_INET = 2;
const AF_INET6 = 10;

/** `sockaddr_in` or `sockaddr_in6`: family in host order (little endian here), port in network order. */
export function parseSockAddr(bytes: Buffer): OriginalDestination | undefined {
  const family = bytes.readUInt16LE(0);
  const port = bytes.readUInt16BE(2);
  if (family === AF_INET) return { address: bytes.subarray(4, 8).join('.'), port };
  if (family !== AF_INET6) return undefined;
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(8 + 2 * i).toString(16));
  return { address: compressIpv6(groups), port };
}

/** RFC 5952's form, the one that configuration has. */
function compressIpv6(groups: readonly string[]): string {
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
