/** What of ports and address ranges the host already uses, and who holds a port. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { HostUse } from './choose-config.ts';
import type { Cidr } from './cidr.ts';

export interface Listener {
  readonly port: number;
  readonly inode: string;
}

export interface Route extends Cidr {
  readonly link: string;
}

const LISTEN = '0A';

/** `/proc/net/tcp` or `tcp6`: the sockets that listen. Pure. */
export function parseListeners(table: string): Listener[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === LISTEN)
    .map((fields) => ({ port: Number.parseInt(fields[1]!.split(':')[1]!, 16), inode: fields[9]! }));
}

/** `/proc/net/route`: the ranges that have a route; the default route is none. Pure. */
export function parseRoutes(table: string): Route[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length > 7 && fields[7] !== '00000000')
    .map((fields) => ({
      link: fields[0]!,
      base: littleEndian(fields[1]!),
      bits: ones(littleEndian(fields[7]!)),
    }));
}

function littleEndian(hex: string): number {
  return Number.parseInt(hex.match(/../g)!.reverse().join(''), 16);
}

function ones(mask: number): number {
  return mask.toString(2).replaceAll('0', '').length;
}

export function readHostUse(): HostUse {
  return { ports: new Set(readListeners().map((listener) => listener.port)), ranges: readRoutes() };
}

export function readRoutes(): Route[] {
  return parseRoutes(readFileSync('/proc/net/route', 'utf8'));
}

/** A port that nobody listens on, a thousand further or a little more: near enough to be remembered. */
export function freeNear(port: number, listening: ReadonlySet<number>): number {
  let candidate = port + 1000;
  while (listening.has(candidate)) candidate += 1;
  return candidate;
}

export function readListeners(): Listener[] {
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => {
    try {
      return parseListeners(readFileSync(path, 'utf8'));
    } catch {
      return []; // A kernel without IPv6 has no tcp6.
    }
  });
}

/** `nginx (pid 123)` for whoever listens on the port; undefined when nobody does or it cannot be known. */
export function holderOf(port: number): string | undefined {
  const inodes = new Set(
    readListeners()
      .filter((listener) => listener.port === port)
      .map(({ inode }) => `socket:[${inode}]`),
  );
  if (inodes.size === 0) return undefined;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (!holds(pid, inodes)) continue;
    return `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (pid ${pid})`;
  }
  return undefined;
}

function holds(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`));
      } catch {
        return false; // Closed meanwhile.
      }
    });
  } catch {
    return false; // Ended meanwhile, or of another user.
  }
}
